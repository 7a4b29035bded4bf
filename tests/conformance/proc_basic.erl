%% Spawning, sending, selective receive, timeouts of zero, process dictionary.
-module(proc_basic).
-export([main/0, echo/1, served/2]).

main() ->
    Self = self(),
    P = spawn(fun() -> receive {From, X} -> From ! {reply, X * 2} end end),
    P ! {Self, 21},
    receive {reply, V} -> io:format("~w~n", [V]) end,
    P2 = spawn(?MODULE, echo, [Self]),
    P2 ! hello, P2 ! {tuple, [1, 2.5, <<"bin">>, #{a => 1}, 1 bsl 100]}, P2 ! stop,
    io:format("~w~n", [drain([])]),
    %% selective: out of order
    [Self ! {n, I} || I <- lists:seq(1, 10)],
    io:format("~w~n", [[receive {n, I} -> I end || I <- [5, 1, 10, 2, 9, 3, 8, 4, 7, 6]]]),
    io:format("~w~n", [receive X -> X after 0 -> empty end]),
    Self ! a, Self ! b,
    io:format("~w~n", [receive b -> got_b after 0 -> empty end]),
    io:format("~w~n", [receive b -> got_b after 0 -> empty end]),
    io:format("~w~n", [receive Y -> Y after 1000 -> empty end]),
    T0 = erlang:monotonic_time(millisecond),
    receive never -> ok after 30 -> ok end,
    io:format("~w~n", [erlang:monotonic_time(millisecond) - T0 >= 30]),
    %% guards in receive
    [Self ! I || I <- [3, 15, 8, 20]],
    io:format("~w~n", [[receive I when I > 10 -> I end || _ <- [1, 2]]]),
    io:format("~w~n", [drain([])]),
    %% process dictionary
    io:format("~w ~w ~w~n", [put(k, 1), put(k, 2), get(k)]),
    io:format("~w ~w~n", [get(none), put(j, x)]),
    io:format("~w ~w~n", [lists:sort(get_keys()) -- ['$ancestors', '$initial_call'], lists:sort(get_keys(2))]),
    io:format("~w ~w ~w~n", [erase(k), get(k), erase(k)]),
    spawn(fun() -> Self ! {child_dict, get(j)} end),
    io:format("~w~n", [receive {child_dict, D} -> D end]),
    %% the value of a send, of a send to self
    io:format("~w ~w~n", [self() ! value, receive value -> ok end]),
    io:format("~w ~w~n", [erlang:send(self(), m), receive m -> ok end]),
    %% a dead process takes messages silently
    Dead = spawn(fun() -> ok end),
    wait_dead(Dead),
    io:format("~w ~w~n", [Dead ! lost, is_process_alive(Dead)]),
    io:format("~w ~w~n", [is_process_alive(self()), is_pid(P)]),
    S = spawn(?MODULE, served, [Self, 0]),
    [S ! {add, I} || I <- lists:seq(1, 100)],
    S ! get,
    io:format("~w~n", [receive {sum, N} -> N end]),
    io:format("~w~n", [pingpong(1000)]),
    ok.

echo(To) ->
    receive
        stop -> To ! done;
        M -> To ! {echo, M}, echo(To)
    end.

drain(Acc) ->
    receive
        done -> lists:reverse([done | Acc]);
        M -> drain([M | Acc])
    after 100 -> lists:reverse(Acc)
    end.

served(To, S) ->
    receive
        {add, N} -> served(To, S + N);
        get -> To ! {sum, S}
    end.

wait_dead(P) ->
    case is_process_alive(P) of
        true -> erlang:yield(), wait_dead(P);
        false -> ok
    end.

pingpong(N) ->
    Self = self(),
    P = spawn(fun() -> pong(Self) end),
    R = ping(N, P, 0),
    P ! stop,
    R.

ping(0, _, S) -> S;
ping(N, P, S) -> P ! {ping, N}, receive {pong, K} -> ping(N - 1, P, S + K) end.
pong(To) -> receive {ping, N} -> To ! {pong, N}, pong(To); stop -> ok end.

%% Timers: send_after, start_timer, cancel, read, order, receive ... after.
-module(proc_timers).
-export([main/0]).

main() ->
    Self = self(),
    erlang:send_after(30, Self, third), erlang:send_after(10, Self, first), erlang:send_after(20, Self, second),
    io:format("~w~n", [[receive M -> M end || _ <- [1, 2, 3]]]),
    R = erlang:start_timer(5, Self, payload),
    io:format("~w~n", [receive {timeout, R, P} -> P end]),
    R2 = erlang:send_after(10000, Self, never),
    T = erlang:read_timer(R2),
    io:format("~w~n", [T > 9000 andalso T =< 10000]),
    C = erlang:cancel_timer(R2),
    io:format("~w~n", [C > 9000 andalso C =< 10000]),
    io:format("~w ~w~n", [erlang:cancel_timer(R2), erlang:read_timer(R2)]),
    io:format("~w~n", [receive never -> got after 10 -> none end]),
    R3 = erlang:send_after(0, Self, now),
    io:format("~w~n", [receive now -> got end]),
    io:format("~w~n", [erlang:cancel_timer(R3)]),
    R4 = erlang:send_after(5000, Self, x),
    io:format("~w~n", [erlang:cancel_timer(R4, [{info, false}])]),
    R5 = erlang:send_after(5000, Self, x),
    ok = erlang:cancel_timer(R5, [{async, true}]),
    io:format("~w~n", [receive {cancel_timer, R5, Left} -> is_integer(Left) end]),
    %% to a name that isn't there yet, and to one that is
    erlang:send_after(1, nobody_here, lost),
    register(timed, Self),
    erlang:send_after(5, timed, named),
    io:format("~w~n", [receive named -> ok end]),
    %% a timer for a process that dies is dropped
    D = spawn(fun() -> ok end),
    R6 = erlang:send_after(20, D, late),
    io:format("~w~n", [is_reference(R6)]),
    %% timeouts of receive
    io:format("~w~n", [receive nothing -> a after 1 -> timeout end]),
    Before = erlang:monotonic_time(millisecond),
    receive nothing -> ok after 25 -> ok end,
    io:format("~w~n", [erlang:monotonic_time(millisecond) - Before >= 25]),
    W = spawn(fun() -> receive go -> Self ! woke after infinity -> Self ! impossible end end),
    W ! go,
    io:format("~w~n", [receive woke -> ok; impossible -> wrong end]),
    %% a message before the timeout, with others that don't match in between
    spawn(fun() -> [begin Self ! {noise, I}, receive after 1 -> ok end end || I <- lists:seq(1, 5)], Self ! wanted end),
    io:format("~w~n", [receive wanted -> got after 2000 -> timeout end]),
    io:format("~w~n", [flush([])]),
    [io:format("~w~n", [try F() catch K:E -> {K, E} end]) ||
        F <- [fun() -> erlang:send_after(-1, Self, x) end, fun() -> erlang:send_after(a, Self, x) end, fun() -> erlang:cancel_timer(foo) end,
              fun() -> receive after bad() -> ok end end]],
    ok.

bad() -> list_to_atom("bad").

flush(Acc) -> receive {noise, N} -> flush([N | Acc]) after 0 -> lists:reverse(Acc) end.

%% Request and reply with references, priority receive, nested receives, servers with state, bounded buffers.
-module(receive_patterns).
-export([main/0]).

main() ->
    S = spawn(fun() -> bank(#{}) end),
    io:format("~w~n", [[call(S, R) || R <- [{deposit, ann, 100}, {deposit, bob, 50}, {withdraw, ann, 30}, {withdraw, bob, 80}, {balance, ann}, {balance, eve}]]]),
    io:format("~w~n", [call(S, all)]),
    %% replies to interleaved requests find their own askers
    Self = self(),
    [spawn(fun() -> Self ! {I, call(S, {deposit, I, I * 10})} end) || I <- lists:seq(1, 20)],
    io:format("~w~n", [[receive {I, R} -> R end || I <- lists:seq(20, 1, -1)]]),
    %% priority
    [self() ! M || M <- [{low, 1}, {high, a}, {low, 2}, {high, b}, {normal, x}]],
    io:format("~w~n", [[prio() || _ <- lists:seq(1, 6)]]),
    %% nested receives skip and keep what they don't want
    [self() ! M || M <- [c, b, a]],
    io:format("~w~n", [receive a -> receive b -> receive c -> in_order end end end]),
    %% a bounded buffer between producer and consumer
    B = spawn(fun() -> buffer(queue:new(), 0, 3) end),
    spawn(fun() -> [put_in(B, X) || X <- lists:seq(1, 30)] end),
    io:format("~w~n", [[take(B) || _ <- lists:seq(1, 30)]]),
    %% a large mailbox with a late match
    [self() ! {noise, I} || I <- lists:seq(1, 5000)],
    Ref = make_ref(),
    self() ! {Ref, found},
    io:format("~w~n", [receive {Ref, X} -> X end]),
    io:format("~w~n", [flush(0)]),
    %% barrier
    Ps = [spawn(fun() -> Self ! {self(), ready}, receive go -> Self ! {done, I} end end) || I <- lists:seq(1, 10)],
    [receive {P, ready} -> ok end || P <- Ps],
    [P ! go || P <- Ps],
    io:format("~w~n", [lists:sort([receive {done, I} -> I end || _ <- Ps])]),
    io:format("~w~n", [receive after 0 -> nothing_left end]),
    io:format("~w~n", [philosophers(5, 10)]),
    S ! stop, B ! stop,
    ok.

call(P, Req) ->
    Ref = monitor(process, P),
    P ! {Ref, self(), Req},
    receive
        {Ref, R} -> demonitor(Ref, [flush]), R;
        {'DOWN', Ref, _, _, Why} -> {error, Why}
    after 5000 -> timeout
    end.

bank(M) ->
    receive
        {R, From, {deposit, Who, N}} -> V = maps:get(Who, M, 0) + N, From ! {R, {ok, V}}, bank(M#{Who => V});
        {R, From, {withdraw, Who, N}} ->
            case M of
                #{Who := V} when V >= N -> From ! {R, {ok, V - N}}, bank(M#{Who := V - N});
                _ -> From ! {R, {error, not_enough}}, bank(M)
            end;
        {R, From, {balance, Who}} -> From ! {R, maps:find(Who, M)}, bank(M);
        {R, From, all} -> From ! {R, lists:sort(maps:to_list(M))}, bank(M);
        stop -> ok
    end.

prio() ->
    receive {high, X} -> {high, X}
    after 0 ->
        receive {normal, X} -> {normal, X}
        after 0 -> receive {low, X} -> {low, X} after 0 -> none end
        end
    end.

buffer(Q, N, Max) ->
    receive
        {put, From, X} when N < Max -> From ! ok, buffer(queue:in(X, Q), N + 1, Max);
        {take, From} when N > 0 -> {{value, X}, Q1} = queue:out(Q), From ! {item, X}, buffer(Q1, N - 1, Max);
        stop -> ok
    end.
put_in(B, X) -> B ! {put, self(), X}, receive ok -> ok end.
take(B) -> B ! {take, self()}, receive {item, X} -> X end.

flush(N) -> receive {noise, _} -> flush(N + 1) after 0 -> N end.

philosophers(N, Meals) ->
    Self = self(),
    Forks = list_to_tuple([spawn(fun fork_free/0) || _ <- lists:seq(1, N)]),
    [spawn(fun() ->
               {A, B} = {min(I, I rem N + 1), max(I, I rem N + 1)},
               [begin grab(element(A, Forks)), grab(element(B, Forks)), drop(element(B, Forks)), drop(element(A, Forks)) end || _ <- lists:seq(1, Meals)],
               Self ! {fed, I}
           end) || I <- lists:seq(1, N)],
    lists:sort([receive {fed, I} -> I end || _ <- lists:seq(1, N)]).
fork_free() -> receive {grab, P} -> P ! {self(), yours}, fork_taken(P) end.
fork_taken(P) -> receive {drop, P} -> fork_free() end.
grab(F) -> F ! {grab, self()}, receive {F, yours} -> ok end.
drop(F) -> F ! {drop, self()}.

%% The order of messages between a pair of processes, with many processes and signals mixed in.
-module(proc_order).
-export([main/0]).

main() ->
    Self = self(),
    N = 200,
    Ps = [spawn(fun() -> [Self ! {I, J} || J <- lists:seq(1, 50)] end) || I <- lists:seq(1, N)],
    io:format("~w~n", [length(Ps)]),
    Got = collect(N * 50, #{}),
    io:format("~w~n", [lists:all(fun(L) -> lists:reverse(L) =:= lists:seq(1, 50) end, maps:values(Got))]),
    %% a message sent before an exit arrives before the exit's signal
    process_flag(trap_exit, true),
    io:format("~w~n", [[begin
                            P = spawn_link(fun() -> Self ! {last_words, K}, exit({done, K}) end),
                            A = receive M1 -> M1 end, {'EXIT', P, B} = receive M2 -> M2 end, {A, B}
                        end || K <- [1, 2, 3]]]),
    %% monitors too
    {Q, R} = spawn_monitor(fun() -> [Self ! K || K <- [1, 2, 3]], exit(over) end),
    io:format("~w~n", [[receive M -> tag(M, Q, R) end || _ <- [1, 2, 3, 4]]]),
    io:format("~w~n", [ring(50, 20)]),
    io:format("~w~n", [tree(8)]),
    io:format("~w~n", [pipeline([fun(X) -> X + 1 end, fun(X) -> X * X end, fun(X) -> {X} end], [1, 2, 3, 4])]),
    io:format("~w~n", [pmap(fun(X) -> X * X end, lists:seq(1, 100))]),
    io:format("~w~n", [chain(2000)]),
    ok.

tag({'DOWN', R, process, Q, Why}, Q, R) -> {down, Why};
tag(M, _, _) -> M.

collect(0, M) -> M;
collect(N, M) -> receive {I, J} -> collect(N - 1, M#{I => [J | maps:get(I, M, [])]}) end.

ring(Size, Rounds) ->
    Self = self(),
    First = lists:foldl(fun(_, Next) -> spawn(fun() -> node_loop(Next) end) end, Self, lists:seq(1, Size)),
    First ! {token, 0},
    turn(First, Rounds).

turn(First, 1) -> receive {token, N} -> First ! stop, receive stop -> N end end;
turn(First, K) -> receive {token, N} -> First ! {token, N}, turn(First, K - 1) end.

node_loop(Next) ->
    receive
        {token, N} -> Next ! {token, N + 1}, node_loop(Next);
        stop -> Next ! stop
    end.

tree(0) -> 1;
tree(D) ->
    Self = self(),
    Ps = [spawn(fun() -> Self ! {self(), tree(D - 1)} end) || _ <- [left, right]],
    1 + lists:sum([receive {P, N} -> N end || P <- Ps]).

pipeline(Fs, Xs) ->
    Self = self(),
    First = lists:foldr(fun(F, Next) -> spawn(fun() -> stage(F, Next) end) end, Self, Fs),
    [First ! X || X <- Xs],
    [receive Y -> Y end || _ <- Xs].

stage(F, Next) -> receive X -> Next ! F(X), stage(F, Next) end.

pmap(F, L) ->
    Self = self(),
    Rs = [begin R = make_ref(), spawn(fun() -> Self ! {R, F(X)} end), R end || X <- L],
    [receive {R, V} -> V end || R <- Rs].

chain(N) ->
    Self = self(),
    P = lists:foldl(fun(_, To) -> spawn(fun() -> receive X -> To ! X + 1 end end) end, Self, lists:seq(1, N)),
    P ! 0,
    receive V -> V end.

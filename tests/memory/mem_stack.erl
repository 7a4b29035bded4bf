%% The stack: its size inside calls, while waiting, under BIFs; what a call, a return and a BIF cost in reductions; backtraces; fragments that BIFs leave.
-module(mem_stack).
-export([main/0, waits/2, catches/1, deep/2]).
-compile(no_inline).

main() ->
    %% Loaded before a process is seen in it; else it may be seen waiting for the code server.
    ok = timer:sleep(0),
    io:format("~w~n", [fresh(fun() -> stack() end)]),
    io:format("~w~n", [fresh(fun() -> S = stack(), {S} end)]),
    io:format("deep: ~w~n", [[fresh(fun() -> deep(N, fun stack/0) end) || N <- [0, 1, 2, 10, 100]]]),
    io:format("in a catch: ~w~n", [fresh(fun() -> S = (catch stack()), {S} end)]),
    io:format("in a try: ~w~n", [fresh(fun() -> try {stack()} catch _:_ -> no end end)]),
    io:format("mapped: ~w~n", [fresh(fun() -> lists:map(fun(_) -> stack() end, [1, 2, 3]) end)]),
    io:format("applied: ~w~n", [fresh(fun() -> {apply(fun stack/0, [])} end)]),
    [io:format("~s waits: ~w~n", [Name, waiting(M, F, A)])
     || {Name, M, F, A} <- [{"in a function", ?MODULE, waits, [1, 2]}, {"under a catch", ?MODULE, catches, [1]},
                            {"in sleep", timer, sleep, [infinity]}, {"deep", ?MODULE, deep, [20, fun() -> waits(1, 2) end]}]],
    [io:format("~s: ~w reductions~n", [Name, reductions(F)])
     || {Name, F} <- [{"nothing", fun() -> ok end}, {"a hundred tail calls", fun() -> tail(100) end},
                      {"a hundred calls", fun() -> body(100), ok end}, {"a BIF", fun() -> erlang:system_time(), ok end},
                      {"a BIF at the end", fun() -> erlang:system_time() end},
                      {"put and erase", fun() -> put(a, 1), erase(a), ok end},
                      {"a fun", fun() -> F = fun(X) -> X end, F(1), F(2), ok end},
                      {"a catch", fun() -> catch throw(x), ok end}]],
    backtraces(),
    io:format("tuples: ~w~n", [[{N, fragments(fun() -> list_to_tuple(lists:duplicate(N, x)) end)} || N <- sizes()]]),
    io:format("binaries: ~w~n", [[{N, fragments(fun() -> binary_to_list(binary:copy(<<"x">>, N)) end)} || N <- sizes()]]),
    io:format("terms: ~w~n", [[{N, fragments(fun() -> binary_to_term(term_to_binary(lists:seq(1, N))) end)} || N <- sizes()]]).

sizes() -> [10, 50, 80, 100, 110, 150, 300, 1000].

stack() -> {stack_size, N} = process_info(self(), stack_size), N.

fresh(F) ->
    Me = self(),
    {P, Ref} = spawn_monitor(fun() -> R = F(), Me ! {self(), R} end),
    receive {P, R} -> receive {'DOWN', Ref, _, _, normal} -> R end end.

deep(0, F) -> F();
deep(N, F) -> [N | deep(N - 1, F)].

waits(A, B) -> receive stop -> [A, B] end, {B, A}.

catches(A) -> try X = waits(A, [A]), {A, X} catch throw:T -> T end.

waiting(M, F, A) ->
    P = spawn(M, F, A),
    settle(P),
    {stack_size, N} = process_info(P, stack_size),
    exit(P, kill),
    N.

settle(P) ->
    case process_info(P, status) of
        {status, waiting} -> ok;
        _ -> erlang:yield(), settle(P)
    end.

tail(0) -> ok;
tail(N) -> tail(N - 1).

body(0) -> 0;
body(N) -> 1 + body(N - 1).

%% Least of some, for a slice may end in the middle.
reductions(F) ->
    lists:min([begin
                   {reductions, A} = process_info(self(), reductions),
                   F(),
                   {reductions, B} = process_info(self(), reductions),
                   B - A
               end || _ <- lists:seq(1, 5)]).

backtraces() ->
    P = spawn(?MODULE, catches, [{hello, "world", 1.5, <<1, 2, 3>>, #{a => []}}]),
    settle(P),
    {backtrace, Text} = process_info(P, backtrace),
    exit(P, kill),
    io:put_chars(re:replace(Text, "0x[0-9a-f]{16}| \\+ [0-9]+", "..", [global, {return, list}])),
    Q = spawn(fun() -> process_flag(sensitive, true), receive stop -> ok end end),
    settle(Q),
    io:format("sensitive: ~p~n", [process_info(Q, backtrace)]),
    exit(Q, kill).

%% Sizes after a BIF that had more to build than there was room for.
fragments(F) ->
    {Sizes, _} = fresh(fun() ->
                               R = F(),
                               [{total_heap_size, T}, {heap_size, H}] = process_info(self(), [total_heap_size, heap_size]),
                               {[T, H], R}
                       end),
    Sizes.

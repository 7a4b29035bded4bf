%% How heaps grow: sizes after building lists, tuples and maps of many lengths, and the number of collections that it took.
-module(mem_growth).
-export([main/0]).

main() ->
    [lengths(Name, Build) || {Name, Build} <- builders()],
    shrinks(), fullsweep(), minimum(), deep().

builders() ->
    [{"body recursion", fun body/1}, {"tail recursion", fun(N) -> tail(N, []) end},
     {"lists:seq", fun(N) -> lists:seq(1, N) end}, {"tuple", fun(N) -> list_to_tuple(lists:duplicate(N, x)) end},
     {"duplicate", fun(N) -> lists:duplicate(N, {a}) end},
     {"floats", fun(N) -> [X * 1.5 || X <- lists:seq(1, N)] end},
     {"map", fun(N) -> maps:from_list([{I, I} || I <- lists:seq(1, N)]) end}].

body(0) -> [];
body(N) -> [N | body(N - 1)].

tail(0, Acc) -> Acc;
tail(N, Acc) -> tail(N - 1, [N | Acc]).

lengths(Name, Build) ->
    [io:format("~s of ~p: ~w~n", [Name, N, measured(fun() -> Build(N) end)]) || N <- [0, 10, 60, 100, 500, 1000, 3000, 10000]].

%% Heap size, all words, words of the old generation, minor collections since the last major one; in a fresh process.
measured(F) ->
    Me = self(),
    spawn(fun() ->
                  Result = F(),
                  [{heap_size, H}, {total_heap_size, T}, {garbage_collection, G}] =
                      process_info(self(), [heap_size, total_heap_size, garbage_collection]),
                  Me ! {sizes, [H, T, proplists:get_value(minor_gcs, G)]},
                  Result
          end),
    receive {sizes, S} -> S end.

shrinks() ->
    io:format("~w~n", [measured(fun() -> L = body(10000), garbage_collect(), length(L) end)]),
    io:format("~w~n", [measured(fun() -> L = body(10000), N = length(L), garbage_collect(), garbage_collect(), N end)]),
    io:format("~w~n", [measured(fun() -> N = length(body(10000)), tail(100, []), garbage_collect(), tail(1000, []), N end)]).

fullsweep() ->
    [begin
         Me = self(),
         spawn_opt(fun() ->
                           [tail(I, []) || I <- lists:seq(1, 100)],
                           {garbage_collection, G} = process_info(self(), garbage_collection),
                           Me ! {gcs, proplists:get_value(minor_gcs, G)}
                   end, [{fullsweep_after, N}]),
         receive {gcs, G} -> io:format("fullsweep_after ~p: ~p minor~n", [N, G]) end
     end || N <- [0, 1, 5, 20, 65535]].

minimum() ->
    [begin
         Me = self(),
         spawn_opt(fun() -> L = tail(300, []), Me ! {size, process_info(self(), [heap_size, total_heap_size])}, L end,
                   [{min_heap_size, N}]),
         receive {size, S} -> io:format("min_heap_size ~p: ~w~n", [N, S]) end
     end || N <- [233, 500, 1000, 10000]].

deep() ->
    io:format("~w~n", [measured(fun() -> count(20000) end)]).

count(0) -> 0;
count(N) -> 1 + count(N - 1).

%% Sorting: integers, tuples by key, unique, with a fun; merging.
-module(bench_sort).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> sorts(numbers(8000 * K, 12345, [])) end).

numbers(0, _, L) -> L;
numbers(N, S, L) -> numbers(N - 1, (S * 1103515245 + 12345) band 16#7FFFFFFF, [S bsr 8 | L]).

sorts(L) ->
    A = lists:sort(L),
    B = lists:usort([X band 1023 || X <- L]),
    C = lists:keysort(2, [{X, X rem 1000, text} || X <- L]),
    D = lists:sort(fun(X, Y) -> X >= Y end, L),
    E = lists:sort([integer_to_list(X) || X <- L]),
    erlang:phash2({A, B, C, D, E, lists:merge(A, B)}).

%% ETS: insert, look up, count, match and fold over hash and ordered tables.
-module(bench_ets).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> {table(set, 10000 * K), table(ordered_set, 10000 * K)} end).

table(Type, N) ->
    T = ets:new(t, [Type, public]),
    fill(T, N),
    count(T, N),
    Found = look(T, N, 0),
    Even = length(ets:select(T, [{{'$1', '$2', '_'}, [{'=:=', {'rem', '$1', 2}, 0}], ['$2']}])),
    Sum = ets:foldl(fun({_, V, _}, S) -> S + V end, 0, T),
    ets:delete(T),
    {Found, Even, Sum}.

fill(_, 0) -> ok;
fill(T, N) -> ets:insert(T, {N * 7919 rem 1000003, N, {name, [N, a]}}), fill(T, N - 1).

count(_, 0) -> ok;
count(T, N) -> ets:update_counter(T, N * 7919 rem 1000003, {2, 3}), count(T, N - 1).

look(_, 0, Sum) -> Sum;
look(T, N, Sum) ->
    case ets:lookup(T, N * 7919 rem 1000003) of
        [{_, V, {name, [W, a]}}] -> look(T, N - 1, Sum + V - W);
        [] -> look(T, N - 1, Sum)
    end.

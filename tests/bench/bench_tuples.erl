%% Records and tuples: reading and updating fields, element/2 and setelement/3.
-module(bench_tuples).
-export([main/0]).

-record(body, {x = 0, y = 0, speed = 1, turns = 0, name = body}).

main() -> bench_timer:run(fun(K) -> {walk(200000 * K, #body{}), shuffle(100000 * K, list_to_tuple(lists:seq(1, 16)))} end).

walk(0, #body{x = X, y = Y, turns = T}) -> {X, Y, T};
walk(N, #body{x = X, speed = S} = B) when N rem 3 =:= 0 -> walk(N - 1, B#body{x = X + S});
walk(N, #body{y = Y, speed = S, turns = T} = B) -> walk(N - 1, B#body{y = Y - S, turns = T + 1}).

shuffle(0, T) -> T;
shuffle(N, T) ->
    I = N rem 16 + 1,
    J = N * 7 rem 16 + 1,
    A = element(I, T),
    shuffle(N - 1, setelement(J, setelement(I, T, element(J, T)), A)).

%% Map updates: a small map with known keys, and a large one.
-module(bench_maps).
-export([main/0]).

main() ->
    bench_timer:run(fun(K) -> {small(100000 * K, #{a => 0, b => 0, c => 0}), map_size(large(50000 * K, #{}))} end).

small(0, #{a := A, b := B, c := C}) -> A + B + C;
small(N, #{a := A, b := B} = M) -> small(N - 1, M#{a := A + N, b := B bxor N, c => N}).

large(0, M) -> M;
large(N, M) ->
    K = (N * 7919) rem 10007,
    case M of
        #{K := V} -> large(N - 1, M#{K := V + 1});
        _ -> large(N - 1, M#{K => 1})
    end.

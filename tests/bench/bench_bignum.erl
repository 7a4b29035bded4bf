%% Big integers: products, sums, quotients, powers.
-module(bench_bignum).
-export([main/0]).

main() ->
    bench_timer:run(fun(K) -> {[fact(600, 1) || _ <- lists:seq(1, 4 * K)], fibs(2000 * K, 0, 1) rem 1000007, [pow(I, 16#10001, (1 bsl 256) - 189) || I <- lists:seq(2, 12 * K)]} end).

fact(0, F) -> F;
fact(N, F) -> fact(N - 1, F * N).

fibs(0, A, _) -> A;
fibs(N, A, B) -> fibs(N - 1, B, A + B).

pow(_, 0, _) -> 1;
pow(B, E, M) when E band 1 =:= 1 -> B * pow(B, E - 1, M) rem M;
pow(B, E, M) -> pow(B * B rem M, E bsr 1, M).

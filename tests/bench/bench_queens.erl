%% Queens by comprehension: closures, comparison, backtracking lists.
-module(bench_queens).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> lists:sum([length(queens(8, 8)) || _ <- lists:seq(1, 4 * K)]) end).

queens(_, 0) -> [[]];
queens(N, K) -> [[Q | B] || B <- queens(N, K - 1), Q <- lists:seq(1, N), safe(Q, 1, B)].

safe(_, _, []) -> true;
safe(Q, D, [H | T]) -> Q =/= H andalso abs(Q - H) =/= D andalso safe(Q, D + 1, T).

%% Text: formatting, joining, splitting, conversions, iolists.
-module(bench_strings).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> lists:foldl(fun(N, H) -> erlang:phash2({H, line(N)}) end, 0, lists:seq(1, 400 * K)) end).

line(N) ->
    S = io_lib:format("~s: ~p is ~w, ~.2f~n", ["item", {N, [a, "text", <<"bin">>]}, N * N, N / 7]),
    F = lists:flatten(S),
    Parts = string:split(F, " ", all),
    J = lists:join(", ", [string:uppercase(P) || P <- Parts]),
    B = iolist_to_binary(J),
    {B, integer_to_binary(N, 16), binary:split(B, <<",">>, [global]), list_to_integer(integer_to_list(N)), string:trim("  " ++ F)}.

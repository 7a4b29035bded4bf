%% The iteration order of big maps with integer keys: OTP's hash order.
-module(maps_large_order).
-export([main/0]).

main() ->
    [begin
         M = maps:from_list([{I, x} || I <- lists:seq(1, N)]),
         io:format("~w~n~w~n", [N, maps:keys(M)])
     end || N <- [33, 40, 64, 100, 300]],
    M = maps:from_list([{I * 1000003, I} || I <- lists:seq(-50, 50)]),
    io:format("~w~n", [maps:to_list(M)]),
    io:format("~w~n", [M]),
    io:format("~p~n", [maps:from_list([{I, I} || I <- lists:seq(1, 35)])]),
    io:format("~w~n", [[K || K := _ <- M]]),
    io:format("~w~n", [maps:fold(fun(K, _, A) -> [K | A] end, [], M)]),
    ok.

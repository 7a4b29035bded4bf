-module(joins).
-export([main/0]).
main() ->
    Customers = [{I, I rem 7} || I <- lists:seq(0, 499)],
    Orders = maps:groups_from_list(fun({_, C}) -> C end, [{I, (I * 31) rem 500} || I <- lists:seq(0, 4999)]),
    Items = maps:groups_from_list(fun({O, _}) -> O end, [{(I * 17) rem 5000, I rem 100} || I <- lists:seq(0, 19999)]),
    Prices = [P || {C, Nation} <- Customers, {O, _} <- maps:get(C, Orders, []), {_, P} <- maps:get(O, Items, []), Nation < 5],
    io:format("~w ~w~n", [length(Prices), lists:sum(Prices)]).

-module(groups).
-export([main/0]).
main() ->
    Rows = make(0, 3, []),
    Groups = maps:groups_from_list(fun({City, _}) -> City end, [R || {_, Amount} = R <- Rows, Amount >= 100]),
    Totals = [{City, length(Rs), lists:sum([A || {_, A} <- Rs])} || City := Rs <- Groups],
    [{City, N, Total} | _] = Sorted = lists:sort(fun({_, _, A}, {_, _, B}) -> A >= B end, Totals),
    io:format("~s ~w ~w ~w~n", [City, N, Total, length(Sorted)]).
make(100000, _, Acc) -> lists:reverse(Acc);
make(I, Seed0, Acc) ->
    Seed = (Seed0 * 48271) rem 2147483647,
    make(I + 1, Seed, [{<<"c", (integer_to_binary(Seed rem 50))/binary>>, Seed rem 1000} | Acc]).

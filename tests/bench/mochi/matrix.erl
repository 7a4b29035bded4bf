-module(matrix).
-export([main/0]).
main() ->
    C = product(make(80, 3), make(80, 7), 80),
    io:format("~w~n", [lists:sum([element(I, element(I, C)) || I <- lists:seq(1, 80)])]).
make(N, Seed) ->
    list_to_tuple([list_to_tuple([(I * Seed + J) rem 10 || J <- lists:seq(0, N - 1)]) || I <- lists:seq(0, N - 1)]).
product(A, B, N) ->
    Is = lists:seq(1, N),
    list_to_tuple([list_to_tuple([dot(A, B, I, J, 1, N, 0) || J <- Is]) || I <- Is]).
dot(_, _, _, _, K, N, S) when K > N -> S;
dot(A, B, I, J, K, N, S) ->
    dot(A, B, I, J, K + 1, N, S + element(K, element(I, A)) * element(J, element(K, B))).

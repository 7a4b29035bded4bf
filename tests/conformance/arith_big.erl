%% Big integers: the four operations, powers, gcd, printing.
-module(arith_big).
-export([main/0, id/1]).

main() ->
    A = id(123456789012345678901234567890),
    B = id(-987654321098765432109876543210987654321),
    C = id(1 bsl 64),
    io:format("~w~n~w~n~w~n", [A + B, A - B, A * B]),
    io:format("~w ~w~n", [B div A, B rem A]),
    io:format("~w ~w~n", [A div B, A rem B]),
    io:format("~w ~w~n", [A div 7, A rem 7]),
    io:format("~w ~w~n", [B div -13, B rem -13]),
    [io:format("~w^~w = ~w~n", [X, N, pow(X, N)]) || X <- [2, 3, -7, 10], N <- [0, 1, 5, 63, 64, 100]],
    io:format("~w~n", [fac(50)]),
    io:format("~w~n", [fac(200)]),
    io:format("~w~n", [fac(60) div fac(58)]),
    io:format("~w~n", [gcd(fac(30), pow(6, 40))]),
    io:format("~w~n", [fib(300)]),
    io:format("~w ~w~n", [C - 1, C * C]),
    %% results that shrink back to small integers
    io:format("~w~n", [(A + 5) - A]),
    io:format("~w~n", [(C * 3) div C]),
    io:format("~w~n", [is_integer(A) andalso A =:= id(A)]),
    io:format("~w~n", [A * B - B * A]),
    io:format("~w ~w~n", [-A, abs(B)]),
    D = pow(3, 500),
    E = pow(7, 300),
    io:format("~w~n", [(D * E) div E =:= D]),
    io:format("~w~n", [(D * E + 12345) rem E]),
    io:format("~w~n", [D rem (E div pow(7, 150))]),
    io:format("~w~n", [modpow(3, pow(10, 40), 1000000007)]),
    io:format("~w~n", [modpow(5, 65537, pow(10, 30) + 57)]),
    io:format("~w ~w ~w~n", [A > B, A < C, B == B + 0]),
    ok.

id(X) -> X.

pow(_, 0) -> 1;
pow(X, N) when N rem 2 =:= 0 -> Y = pow(X, N div 2), Y * Y;
pow(X, N) -> X * pow(X, N - 1).

fac(0) -> 1;
fac(N) -> N * fac(N - 1).

gcd(A, 0) -> abs(A);
gcd(A, B) -> gcd(B, A rem B).

fib(N) -> fib(N, 0, 1).
fib(0, A, _) -> A;
fib(N, A, B) -> fib(N - 1, B, A + B).

modpow(_, 0, M) -> 1 rem M;
modpow(B, E, M) when E rem 2 =:= 1 -> (B * modpow(B, E - 1, M)) rem M;
modpow(B, E, M) -> H = modpow(B, E div 2, M), (H * H) rem M.

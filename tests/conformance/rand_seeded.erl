%% rand with fixed seeds: the algorithms' exact numbers.
-module(rand_seeded).
-export([main/0]).

main() ->
    [begin
         S = rand:seed_s(Alg, {1, 2, 3}),
         {L, S2} = many(fun rand:uniform_s/1, 5, S),
         io:format("~w ~w~n", [Alg, L]),
         {N, S3} = many(fun(X) -> rand:uniform_s(1000000, X) end, 8, S2),
         io:format("~w~n", [N]),
         {B, S4} = many(fun(X) -> rand:uniform_s(1 bsl 80, X) end, 3, S3),
         io:format("~w~n", [B]),
         {G, _} = many(fun rand:normal_s/1, 4, S4),
         io:format("~w~n", [G])
     end || Alg <- [exsss, exro928ss, exrop, exs1024s, exsp, mwc59] -- [mwc59]],
    rand:seed(exsss, 42),
    io:format("~w~n", [[rand:uniform(100) || _ <- lists:seq(1, 20)]]),
    io:format("~w~n", [[rand:uniform() || _ <- lists:seq(1, 3)]]),
    io:format("~w~n", [[rand:uniform_real() || _ <- lists:seq(1, 3)]]),
    io:format("~w~n", [rand:bytes(10)]),
    io:format("~w~n", [shuffle(lists:seq(1, 10))]),
    E = rand:export_seed(),
    A = rand:uniform(1 bsl 58),
    rand:seed(E),
    io:format("~w~n", [A =:= rand:uniform(1 bsl 58)]),
    io:format("~w~n", [begin rand:seed(rand:jump(rand:seed_s(exsss, 7))), rand:uniform(1000000) end]),
    io:format("~w~n", [mwc(5, rand:mwc59_seed(11))]),
    io:format("~w~n", [rand:splitmix64_next(12345)]),
    io:format("~w~n", [begin {V, _} = rand:exsp_next(element(2, rand:seed_s(exsp, 1))), V end]),
    _ = rand:seed(exsss),
    io:format("~w~n", [lists:all(fun(X) -> X >= 1 andalso X =< 6 end, [rand:uniform(6) || _ <- lists:seq(1, 1000)])]),
    io:format("~w~n", [try rand:uniform(0) catch C:R -> {C, R} end]),
    ok.

many(_, 0, S) -> {[], S};
many(F, N, S) -> {V, S1} = F(S), {Vs, S2} = many(F, N - 1, S1), {[V | Vs], S2}.

mwc(0, _) -> [];
mwc(N, S) -> S1 = rand:mwc59(S), [rand:mwc59_value(S1) | mwc(N - 1, S1)].

shuffle(L) -> [X || {_, X} <- lists:sort([{rand:uniform(), X} || X <- L])].

%% Funs: closures, environments, recursion, external funs, fun_info, apply.
-module(funs).
-export([main/0, add/2, id/1]).

main() ->
    Add = fun(X) -> fun(Y) -> X + Y end end,
    io:format("~w ~w~n", [(Add(3))(4), ((Add)(10))(-1)]),
    Counter = make_counter(5),
    io:format("~w~n", [[F() || F <- Counter]]),
    Fac = fun F(0) -> 1; F(N) -> N * F(N - 1) end,
    io:format("~w~n", [Fac(20)]),
    io:format("~w ~w~n", [(fun add/2)(1, 2), (fun ?MODULE:add/2)(3, 4)]),
    M = id(?MODULE), N = id(add), A = id(2),
    G = fun M:N/A,
    io:format("~w ~w ~w~n", [G(5, 6), M:N(7, 8), apply(M, N, [9, 10])]),
    io:format("~w ~w~n", [apply(G, [1, 1]), apply(fun() -> none end, [])]),
    io:format("~w~n", [lists:map(fun erlang:abs/1, [-1, 2, -3])]),
    io:format("~w~n", [lists:foldl(fun(F, X) -> F(X) end, 1, [fun(X) -> X + 1 end, fun(X) -> X * 10 end, fun integer_to_list/1])]),
    io:format("~w~n", [compose([fun(X) -> X + 1 end, fun(X) -> X * 2 end, fun(X) -> X - 3 end], 10)]),
    {A1, B1, C1, D1, E1} = {id(1), id(two), id("three"), id(4.0), id(<<"5">>)},
    Env = fun(X) -> [X, A1, B1, C1, D1, E1] end,
    io:format("~w~n", [Env(0)]),
    io:format("~w ~w ~w~n", [is_function(Env), is_function(Env, 1), is_function(Env, 2)]),
    io:format("~w ~w~n", [erlang:fun_info(Env, arity), erlang:fun_info(Env, type)]),
    io:format("~w ~w~n", [erlang:fun_info(Env, module), erlang:fun_info(Env, env)]),
    io:format("~w ~w ~w~n", [erlang:fun_info(G, type), erlang:fun_info(G, name), erlang:fun_info(G, arity)]),
    io:format("~w ~w~n", [erlang:fun_info(G, module), erlang:fun_info(G, env)]),
    io:format("~w ~w~n", [G =:= fun ?MODULE:add/2, fun lists:map/2 =:= fun lists:map/2]),
    io:format("~w~n", [Env =:= Env]),
    io:format("~w~n", [same(1) =:= same(1)]),
    io:format("~w~n", [same(1) =:= same(2)]),
    io:format("~w~n", [fun lists:seq/2]),
    io:format("~w~n", [(fun(X, _) when X > 5 -> big; (_, Y) -> Y end)(id(3), small)]),
    io:format("~w~n", [[(fun({a, X}) -> X; ([X | _]) -> {list, X}; (_) -> other end)(V) || V <- [{a, 1}, [2], 3]]]),
    Y = fun(F) -> (fun(X) -> X(X) end)(fun(X) -> F(fun(V) -> (X(X))(V) end) end) end,
    io:format("~w~n", [(Y(fun(Self) -> fun(0) -> 0; (K) -> K + Self(K - 1) end end))(100)]),
    io:format("~w~n", [erlang:apply(erlang, '+', [1, 2])]),
    io:format("~w~n", [church(7)]),
    io:format("~w~n", [erlang:function_exported(?MODULE, add, 2)]),
    io:format("~w~n", [[X(2) || X <- [fun(Z) -> Z bsl I end || I <- lists:seq(1, 5)]]]),
    ok.

id(X) -> X.
add(A, B) -> A + B.
same(N) -> fun() -> N end.
make_counter(N) -> [fun() -> I * I end || I <- lists:seq(1, N)].
compose(Fs, X) -> (lists:foldr(fun(F, G) -> fun(V) -> G(F(V)) end end, fun(V) -> V end, Fs))(X).

church(N) -> ((num(N))(fun(X) -> X + 1 end))(0).
num(0) -> fun(_) -> fun(X) -> X end end;
num(N) -> fun(F) -> fun(X) -> F(((num(N - 1))(F))(X)) end end.

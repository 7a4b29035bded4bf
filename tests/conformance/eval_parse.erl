%% erl_parse and erl_eval: text to forms to values.
-module(eval_parse).
-export([main/0]).

main() ->
    [io:format("~s => ~p~n", [S, eval(S, [{'N', 10}])]) ||
        S <- ["1 + 2 * 3.", "[X * 2 || X <- [1, 2, 3], X > 1].", "case {a, 1} of {a, Y} -> Y; _ -> no end.", "lists:sum(lists:seq(1, N)).",
              "fun(X) -> X + N end.", "(fun F(0) -> 1; F(X) -> X * F(X - 1) end)(N).", "<<X:4, Y:4>> = <<16#a5>>, {X, Y}.",
              "#{a => N, \"b\" => 2}.", "try error(oops) catch C:R -> {C, R} end.", "begin A = 1, B = A + 1, {A, B} end.",
              "if N > 5 -> big; true -> small end.", "\"abc\" ++ \"def\".", "X = 5, X.", "maps:get(k, #{k => v}).", "1 / 0.", "foo:bar().",
              "M = #{x => 1}, M#{x := 2, 3 => 3}.", "<< <<(X + 1)>> || <<X>> <= <<1, 2, 3>> >>.", "{A, [B | C]} = {1, [2, 3]}, [A, B, C].",
              "a andalso b.", "not true.", "N =:= 10 orelse error(x).", "receive after 0 -> timeout end.", "catch throw(t)."]],
    {ok, Ts, _} = erl_scan:string("f(0) -> 1; f(N) when N > 0 -> N * f(N - 1)."),
    {ok, Form} = erl_parse:parse_form(Ts),
    io:format("~p~n", [Form]),
    io:format("~s~n", [erl_pp:form(Form)]),
    [io:format("~p~n", [parse(S)]) || S <- ["1 +.", "foo(.", "case x of end.", "a b.", "[1, 2", "."]],
    {ok, T2, _} = erl_scan:string("{a, [1, 2.5, \"s\", <<\"b\">>], #{k => v}}."),
    io:format("~p~n", [erl_parse:parse_term(T2)]),
    io:format("~p~n", [erl_parse:normalise(erl_parse:abstract({a, [1, "x"], #{b => <<"c">>}}))]),
    io:format("~p~n", [erl_parse:abstract([1, {a, "s"}])]),
    ok.

eval(S, Bs) ->
    {ok, Ts, _} = erl_scan:string(S),
    {ok, Es} = erl_parse:parse_exprs(Ts),
    Env = lists:foldl(fun({K, V}, B) -> erl_eval:add_binding(K, V, B) end, erl_eval:new_bindings(), Bs),
    try erl_eval:exprs(Es, Env) of
        {value, F, _} when is_function(F) -> {a_fun, F(5)};
        {value, V, _} -> V
    catch
        C:R -> {C, R}
    end.

parse(S) ->
    case erl_scan:string(S) of
        {ok, Ts, _} -> erl_parse:parse_exprs(Ts);
        Error -> Error
    end.

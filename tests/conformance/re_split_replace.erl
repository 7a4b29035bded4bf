%% re:split and re:replace with their options.
-module(re_split_replace).
-export([main/0]).

main() ->
    [io:format("split ~p ~p ~p: ~p~n", [S, P, O, try_(split, [S, P, O])]) || {S, P, O} <- splits()],
    [io:format("replace ~p ~p ~p ~p: ~p~n", [S, P, R, O, try_(replace, [S, P, R, O])]) || {S, P, R, O} <- replaces()],
    {ok, M} = re:compile("(\\w)(\\w)"),
    io:format("~p~n", [re:replace("abcd", M, fun(W, [A, B]) -> [B, $-, A, $=, W] end, [global, {return, list}])]),
    io:format("~p~n", [re:split(binary:copy(<<"ab,">>, 50), ",", [{return, list}, {parts, 3}])]),
    io:format("~p~n", [length(re:split(binary:copy(<<"a b\tc ">>, 2000), "\\s"))]),
    ok.

try_(F, A) ->
    try apply(re, F, A)
    catch C:R -> {C, R}
    end.

splits() ->
    L = {return, list},
    [{"a,b,c", ",", []}, {"a,b,c", ",", [L]}, {"a,b,,c,,", ",", [L]}, {"a,b,,c,,", ",", [L, trim]}, {"a1b2c", "(\\d)", [L]}, {"a1b2c", "(\\d)", [group]},
     {"a1b2c", "(\\d)(x)?", [L, group]}, {"abc", "", [L]}, {"a b c", " ", [L, {parts, 2}]}, {"a b c", " ", [{parts, infinity}]}, {"", "x", [L]}, {"", "", [L]},
     {"ab", "x*", [L]}, {"a.b", "\\.", [{return, iodata}]}, {"ABaC", "a", [caseless, L]}, {"a,b", ",", [foo]}, {"a,b", "(", []}, {"xaxax", "x", [L, trim, group]}].

replaces() ->
    L = {return, list},
    [{"abc", "b", "x", []}, {"abc", "b", "x", [L]}, {"abcb", "b", "[&]", [global, L]}, {"abcb", "b", "\\&\\\\", [global, L]}, {"john smith", "(\\w+) (\\w+)", "\\2 \\1", [L]},
     {"ab", "(a)(b)", "\\g2\\g{1}\\0\\3", [L]}, {"aaa", "a", "b", [{return, binary}]}, {"aaa", "a*?", "-", [global, L]}, {"abc", "x", "y", [L]}, {"abc", "", "-", [global, L]},
     {"abc", "b", [<<"x">>, "y"], [{return, binary}]}, {"aBc", "b", "x", [caseless, L]}, {"a\nb", "^", "> ", [global, multiline, L]}, {"abc", "(", "x", []},
     {"abc", "b", "x", [foo]}, {"a.b.c", "\\.", "", [global, L]}, {"aXbX", "X$", "", [L]}, {"abab", "(?<x>a)b", "\\g{x}", [L]}].

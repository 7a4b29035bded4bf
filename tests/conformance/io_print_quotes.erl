%% When atoms are quoted, when lists print as strings, nested printing with ~w and ~p.
-module(io_print_quotes).
-export([main/0]).

main() ->
    As = ['', a, 'A', 'a b', 'a-b', a_b, a@b, 'aB1', '1a', '_x', 'div', 'fun', 'end', 'and', 'true', 'åäö', 'Å', 'maybe', 'else',
          '\'', '"', '\\', 'a.b', '$x', '@a', 'café', '日本'],
    [io:format("~w ~p ~tw ~tp ~ts~n", [A, A, A, A, A]) || A <- As],
    Ls = ["", "a", "with \"quotes\"", [7], [8], [27], [31], [32], [126], [127], [128], [159], [160], [255], [256], [a | b], "abc" ++ [0], [$a, 1.0]],
    [io:format("~w ~p ~tp~n", [L, L, L]) || L <- Ls],
    Bs = [<<>>, <<"a">>, <<0>>, <<"a\n">>, <<255>>, <<"å"/utf8>>, <<1:3>>, <<"tab\t">>, <<"q\"">>],
    [io:format("~w ~p ~tp~n", [B, B, B]) || B <- Bs],
    io:format("~w~n", [fun lists:map/2]),
    io:format("~p~n", [fun erlang:'+'/2]),
    io:format("~w ~w~n", [1.0e100, -0.0]),
    io:format("~w~n", [[[], {}, #{}, <<>>, [[]], {{}}]]),
    io:format("~p~n", [[{a, 1}, {"b", 2.5}, {<<"c">>, [3]}]]),
    io:format("~p~n", [#{"str" => 'Atom', 1 => {2, 3}, [x] => #{y => z}}]),
    io:format("~w~n", [#{{} => [], [] => {}}]),
    io:format("~p~n", [{record_like, "long string that goes on and on, over the usual width of a line, and further still", 'and an atom'}]),
    io:format("~p~n", [<<"long binary that goes on and on, over the usual width of a line, and even further than that, yes">>]),
    io:format("~p~n", [list_to_tuple(lists:duplicate(30, abcdef))]),
    io:format("~p~n", [[[[[[[[deep]]]]]]]]),
    io:format("~p~n", [lists:foldl(fun(I, A) -> {I, A} end, core, lists:seq(1, 30))]),
    ok.

%% re: options of compile and run, and what a match returns.
-module(re_options).
-export([main/0]).

main() ->
    [io:format("~p ~p ~p: ~p~n", [S, P, O, re:run(S, P, O)]) || {S, P, O} <- runs()],
    {ok, M} = re:compile("(?<y>\\d{4})-(?<m>\\d\\d)(-(?<d>\\d\\d))?"),
    [io:format("~p: ~p~n", [O, re:run("on 2024-02 and 2023-01-31", M, O)])
     || O <- [[], [global], [{capture, all_names, list}], [{capture, [d, m, y], binary}], [{capture, ["y", <<"m">>, x, 7]}],
              [{capture, [d, y], list}, global], [{capture, none}], [{capture, []}], [{capture, first, list}], [{capture, all_but_first, binary}],
              [{offset, 5}], [{offset, 12}, {capture, all, list}], [anchored], [anchored, {offset, 3}], [notempty, {capture, none}]]],
    {ok, D} = re:compile("(?<a>x)|(?<a>y)|(?<b>z)", [dupnames]),
    [io:format("~p: ~p~n", [S, re:run(S, D, [{capture, C, list}])]) || S <- ["x", "y", "z"], C <- [all_names, [a, b], [b, a, c]]],
    Copy = binary_to_term(term_to_binary(D)),
    io:format("~p~n", [re:run("zy", Copy, [{capture, all, binary}])]),
    Big = iolist_to_binary([lists:duplicate(1000, "abc "), "needle", lists:duplicate(1000, " xyz")]),
    io:format("~p~n", [re:run(Big, "n(e+)dle", [{capture, all, binary}])]),
    io:format("~p~n", [re:run([Big, [<<"q">> | "z"], $w], "(q)z(.)$", [{capture, all, list}])]),
    limits(),
    ok.

runs() ->
    [{"ABC", "b", [caseless]}, {"a\nb", "^b", [multiline]}, {"a\nb", "a$", []}, {"a\n", "a$", []}, {"a\n", "a$", [dollar_endonly]},
     {"a\nb", "a.b", []}, {"a\nb", "a.b", [dotall]}, {"ab", "a b", [extended]}, {"xa\na", "a", [firstline]}, {"x\na", "a", [firstline]},
     {"aaa", "a+", [ungreedy]}, {"aaa", "a+?", [ungreedy]}, {"ab", "(a)(?<n>b)", [no_auto_capture]}, {"", "", []}, {"", "", [notempty]},
     {"abc", "x*", [notempty]}, {"abc", "b*", [notempty_atstart]}, {"abc", "^", [notbol]}, {"abc", "$", [noteol]}, {"ab\n", "b$", [noteol]},
     {"a\rb", "a$", [multiline, {newline, cr}]}, {"a\r\nb", "^b", [multiline, {newline, crlf}]}, {"a\r\nb", "a.", [{newline, crlf}]},
     {"a\vb", "^b", [multiline, {newline, any}]}, {"a\rb", "^b", [multiline, {newline, anycrlf}]}, {"a\vb", "a\\Rb", [bsr_anycrlf]},
     {"a\vb", "a\\Rb", [bsr_unicode]}, {"xay", "a", [anchored]}, {"xay", "a", [anchored, {offset, 1}]}, {"xay", "\\Ga", [{offset, 1}]},
     {"xay", "^a", [{offset, 1}]}, {"xay", "(?<=x)a", [{offset, 1}]}, {"aXbX", "X", [global]}, {"abc", "", [global]}, {"a\r\nb", "", [global, {newline, crlf}]},
     {"aab", "a*?", [global]}, {"aab", "(a)(x)?", [global]}, {"aab", "(a)(x)?", [{capture, all, binary}]}, {"aab", "(x)?(a)", [{capture, all, list}]},
     {"aab", "(x)?(a)", []}, {"ab", "(?=ab\\K)", []}, {"abab", "(?<a>b)", [{capture, [a], index}, global]}, {"abc", "b", [{capture, all}]},
     {"abc", "b", [{capture, none}, {capture, all, list}]}, {"xyzzy", "(*COMMIT)z", []}, {"xyzzy", "(*COMMIT)z", [no_start_optimize]}, {"abc", <<"c">>, [{offset, 3}]},
     {[$a, [<<"b">>, "c"]], ["b", [<<"c">>]], []}].

limits() ->
    S = lists:duplicate(28, $a),
    io:format("~p~n", [re:run(S ++ "z", "(a+)*zz", [{match_limit, 3000}, report_errors])]),
    io:format("~p~n", [re:run(S ++ "z", "(a+)*zz", [{match_limit, 3000}])]),
    io:format("~p~n", [re:run(lists:duplicate(3000, $a) ++ "c", "(a|b)*d|e", [{match_limit_recursion, 100}, report_errors, no_start_optimize])]),
    io:format("~p~n", [re:run(S ++ "b", "(*LIMIT_MATCH=100)(a+)*c", [report_errors, no_start_optimize])]),
    %% Long, but not for ever; other processes go on meanwhile.
    Me = self(),
    P = spawn(fun() -> Me ! {self(), re:run(lists:duplicate(20, $a) ++ "b", "(a+)+$")} end),
    receive {P, R} -> io:format("~p~n", [R]) end.

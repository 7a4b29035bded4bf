%% re: what compile says of bad patterns, with the offset; which arguments are badarg.
-module(re_errors).
-export([main/0]).

main() ->
    [io:format("~p: ~p~n", [P, re(P, [])]) || P <- patterns()],
    [io:format("~p: ~p~n", [P, re(P, [unicode])]) || P <- utf()],
    [io:format("~p ~p: ~p~n", [P, O, re(P, O)]) || {P, O} <- [{"a", [{newline, x}]}, {"a", [foo]}, {"a", [{offset, 1}]},
         {"a", [global]}, {"a", x}, {"a", [caseless | x]}, {x, []}, {[$a, 300], []}, {[a], []},
         {"a", [bsr_anycrlf, bsr_unicode]}, {"(*UTF8)a", [never_utf]}, {"(?<a>a)(?<a>b)", [dupnames]}]],
    [io:format("~p ~p~n", [hd(A), run(A)]) || A <- [["abc", "("], ["abc", "(", [report_errors]], [abc, "b"], ["abc", b], ["abc", "b", [x]],
         ["abc", "b", [{capture, foo}]], ["abc", "b", [{capture, all, foo}]], ["abc", "b", [{capture, [0 | x]}]],
         ["abc", "b", [{capture, [1.5]}]], ["abc", "b", [{offset, -1}]], ["abc", "b", [{offset, x}]],
         ["abc", {re_pattern, 0, 0, 0, <<"x">>}], ["abc", {re_pattern, 0, 0, 0, <<>>}], ["abc", {re_pattern, x, 0, 0, <<>>}],
         ["abc", {a, b}], [<<255>>, "a", [unicode]], [<<1:3>>, "a"], ["abc", <<1:3>>], [["a" | b], "a"]]],
    {ok, M} = re:compile("b"),
    io:format("~p~n", [run(["abc", M, [caseless]])]),
    io:format("~p~n", [run([<<200>>, element(2, re:compile("b", [unicode]))])]),
    io:format("~p ~p~n", [re:inspect(M, namelist), try re:inspect(M, foo) catch error:E -> E end]),
    {ok, N} = re:compile("(?<b>x)(?<a>y)(?J)(?<b>z)"),
    io:format("~p~n", [re:inspect(N, namelist)]),
    io:format("~p~n", [is_binary(re:version())]),
    ok.

re(P, O) ->
    try re:compile(P, O) of
        {ok, T} -> {ok, element(2, T), element(3, T), element(4, T)};
        E -> E
    catch C:R:St -> {C, R, info(St)}
    end.

run(A) ->
    try apply(re, run, A)
    catch C:R:St -> {C, R, info(St)}
    end.

info([{M, F, _, I} | _]) -> {M, F, proplists:get_value(error_info, I)}.

patterns() ->
    ["(", "a(", ")", "a)b", "[", "[a", "[]", "[^]", "*", "a**", "a|*", "(+)", "(?", "(?<", "(?<a", "(?<a>", "(?<1>a)", "(?<>a)", "(?P",
     "(?P<", "(?Px)", "(?'a", "(?z)", "(?i", "(?-z)", "(?#", "\\", "a\\", "\\c", "\\c" ++ [200], "[z-a]", "[a-\\d]", "[\\d-a]", "[[:foo:]]",
     "[:alpha:]", "[[.a.]]", "[[=a=]]", "a{2,1}", "a{65536}", "a{1,65536}", "\\x{100}", "\\x{zz}", "\\x{}", "\\x{41", "\\o{}", "\\o{8}", "\\o9",
     "\\o{400}", "\\400", "\\L", "\\u", "\\U", "\\l", "\\N{a}", "[\\N]", "\\g", "\\g{", "\\g{0}", "\\g0", "\\g{-1}", "\\g<", "\\g<1", "\\g<a>", "\\g99999999999",
     "\\k", "\\k<", "\\k<>", "\\k<a>", "\\k{a", "\\1", "(a)\\2", "\\9", "\\10", "(?1)", "(?0)", "(?R", "(?Rx)", "(?+)", "(?+1)", "(?-1)", "(?-0)", "(?&a)", "(?&)",
     "(?P>a)", "(?P=a)", "(?(1)a)", "(?(0)a)", "(?(a)b)", "(?(<a>)b)", "(?(1", "(?(x", "(?(?a)b)", "(?(R9)a)", "(?(Rx)a)", "(a)(?(1)a|b|c)", "(?(DEFINE)a|b)",
     "(?(2a)b)", "(?(+1)b)", "(?(-1)b)", "(?(?C)a)", "(?C256)", "(?C1", "(?Cx)", "(?<=a*)b", "(?<=a|bc+)", "(?<!\\R)", "(?<=(?1))(a+)", "(?<=(?1))(ab)", "(?<=(a)\\1)",
     "(?R)", "a|(?R)", "(a|(?1))", "(a*(?1))", "(?:(?1)|b)(a(?1)?)", "(?(R)a|(?R)b)", "(*FOO)", "(*ACCEPT:a)", "(*MARK)", "(*:)", "(*COMMIT", "(*SKIP:a", "(*F:x)",
     "\\p", "\\p{", "\\p{Foo}", "\\pX", "\\p{^L}", "\\P{Greek", "(?<a>a)(?<a>b)", "(?<a>a)|(?<b>b)(?|(?<c>c)|(?<d>d))", "(?<abcdefghijklmnopqrstuvwxyzabcdefg>x)",
     "(?X)\\y", "(?X)[\\y]", "(?X)[\\B]", "x{2}{3}", "x+++", "x{2}+?", "^*", "\\b+", "(?=a)*b", "(?=a)+b", "(?!)*", "(?i)*", "(?:)*", "()*", "\\Q\\E*", "a\\Q\\E*", "\\E*",
     "a\000(", "(?<!a(?#b)", "[a-[:digit:]]", "[\\x{41}-\\x{30}]", lists:duplicate(200, $() ++ lists:duplicate(199, $)),
     lists:duplicate(1000, $() ++ lists:duplicate(1000, $)), "(((a{1,600}b){1,100}){1,100})"].

utf() ->
    [<<195>>, <<"a", 255>>, <<"é(", 0, "x"/utf8>>, <<"日本[z-a]"/utf8>>, "\\x{d800}", "\\x{110000}", "\\x{10ffff}", "\\x{e9}[", "\\777", "(?<=\\C)a", "\\C+",
     [16#D800], "日*?+"].

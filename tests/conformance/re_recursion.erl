%% re: recursion, subroutines, conditions on recursion, backtracking verbs.
-module(re_recursion).
-export([main/0]).

main() ->
    [io:format("~s | ~p: ~p~n", [P, S, re:run(S, P, O)]) || {P, Ss, O} <- cases(), S <- Ss],
    io:format("~p~n", [re:run(lists:duplicate(200, $() ++ "x" ++ lists:duplicate(200, $)), "\\((?:[^()]|(?R))*\\)")]),
    ok.

cases() ->
    [{"\\((?:[^()]++|(?R))*+\\)", ["(a(b)c)", "((a)", "x(y(z)(w))v"], []},
     {"^(?:((.)(?1)\\2|)|((.)(?3)\\4|.))$", ["abcba", "abba", "abc", ""], []},
     {"(?<p>\\{(?:[^{}]|(?&p))*\\})", ["{a{b}}", "{{}"], [{capture, all, list}]},
     {"(a|b)(?1)", ["ab", "bb", "ac"], []}, {"(?+1)(x|y)", ["xy", "yy"], []}, {"(x|y)(?-1)", ["xy", "x"], []},
     {"(?P>w)-(?P<w>\\w+)", ["ab-cd", "-"], []}, {"\\g<1>(a.)\\g'1'", ["a1a2a3", "a1a2"], []},
     {"(?(R)a+|(?R)b)", ["aaab", "b"], []}, {"(?:(?(R1)x|y)|(?:z(?1)))(.)", ["yq", "zq"], []},
     {"(a(?(R)b|c)(?1)?)", ["acab", "ac", "ab"], []}, {"(?<A>a(?(R&A)b)(?&A)?)", ["aab", "a"], []},
     {"^(a+|b(?1))c", ["bbac", "bc"], []}, {"(.)(?:\\1|(?R))", ["abb", "aa"], []}, {"(a)(b(?1)\\1)", ["abaa"], []},
     {"a(*COMMIT)b|ac", ["ac", "ab", "xab"], []}, {"a+(*PRUNE)b|ac", ["aaac", "aab"], []}, {"aaa(*SKIP)b|.", ["aaac"], [global]},
     {"a(*MARK:m)a(*SKIP:m)x|.", ["aab"], [global]}, {"(?:a(*THEN)b|ac)", ["ac"], []}, {"(?:a(*THEN)b|(ac))d|ac", ["ac"], []},
     {"a(*FAIL)|b", ["ab"], []}, {"(a(*ACCEPT)b)c", ["a", "abc"], []}, {"a(?=b(*ACCEPT)c)", ["ab"], []}, {"(?!a(*COMMIT)b)a(c|d)", ["ac", "ab"], []},
     {"(?=a(*COMMIT)b)abc|abd", ["abd", "abc"], []}, {"(?>a(*COMMIT)b)c|abd", ["abd", "abc"], []}, {"(a(*COMMIT)b|ac)(?1)|ad", ["abad", "ad"], []},
     {"(?(?=(*COMMIT)x)a|b)", ["b", "xa"], []}, {"((?:a(*PRUNE)b)|ac)*+d", ["abacd", "abd"], []}, {"^.*?(?:(*THEN)x|y)", ["aay"], []},
     {"(a?)*?b(?1)", ["aba", "b"], []}, {"(?1)(?:(b(*ACCEPT)c)){0}d", ["bd", "bcd"], []}, {"(?<=(?1))(ab)", ["abab"], []}].

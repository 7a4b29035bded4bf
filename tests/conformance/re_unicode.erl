%% coding: utf-8
%% re: the options unicode and ucp, properties, cases.
-module(re_unicode).
-export([main/0]).

main() ->
    [io:format("~ts ~p ~p: ~p~n", [P, S, O, run(S, P, O)]) || {P, S, O} <- runs()],
    io:format("~p~n", [re:split("日本、語", "、", [unicode, {return, list}])]),
    io:format("~p~n", [re:replace("naïve café", "é|ï", "[&]", [unicode, global, {return, list}])]),
    io:format("~p~n", [re:replace("a", "a", "\\x{e9}é", [unicode, {return, binary}])]),
    Chars = [$a, $Z, $5, $_, $ , 16#AA, 16#E9, 16#D7, 16#3B1, 16#410, 16#663, 16#2028, 16#3042, 16#4E00, 16#1F600, 16#10400, 16#AB70, 16#301, 16#20AC, 16#378],
    Props = ["L", "Lu", "Ll", "Lt", "L&", "Lo", "M", "Mn", "N", "Nd", "P", "S", "Sc", "Z", "Zs", "C", "Cn", "Cc", "Any", "Xan", "Xps", "Xsp", "Xwd", "Xuc",
             "Greek", "Cyrillic", "Han", "Hiragana", "Common", "Latin", "Arabic", "Inherited", "Deseret"],
    [io:format("~s ~w~n", [P, [C || C <- Chars, re:run([C], "^\\p{" ++ P ++ "}$", [unicode, {capture, none}]) =:= match]]) || P <- Props],
    Escapes = ["\\w", "\\W", "\\d", "\\s", "\\h", "\\v", "\\R", "[[:alpha:]]", "[[:upper:]]", "[[:alnum:]]", "[[:punct:]]", "[[:graph:]]", "[[:print:]]",
               "[[:blank:]]", "[[:^word:]]", "[^\\W_]", "[\\D]", "[^\\S]", "\\w+", "\\w{1}", "\\w*", "\\W+", "[\\w]+"],
    [io:format("~s ~p ~w~n", [E, O, [C || C <- Chars, re:run([C], ["^", E, "$"], [unicode, {capture, none} | O]) =:= match]])
     || E <- Escapes, O <- [[], [ucp]]],
    Cases = [{$k, 16#212A}, {$s, 16#17F}, {16#E9, 16#C9}, {16#3C3, 16#3C2}, {16#3A3, 16#3C2}, {16#DF, 16#1E9E}, {16#1C4, 16#1C5}, {16#B5, 16#3BC}, {16#FF, 16#178},
             {$i, 16#131}, {$I, 16#130}, {16#10400, 16#10428}, {16#13A0, 16#AB70}, {16#390, 16#1FD3}, {16#2C2F, 16#2C5F}],
    [io:format("~w ~w ~p ~p ~p~n", [A, B, m([B], [A]), m([A], [B]), m([A], [$[, B, $]])]) || {A, B} <- Cases],
    [io:format("~w ~p~n", [S, re:run(S, "^\\X", [unicode])]) || S <- ["e\x{301}\x{302}x", "\r\nx", "\x{1100}\x{1161}\x{11a8}y", [16#1F1E9, 16#1F1EA, 16#1F1EB], "ab"]],
    ok.

run(S, P, O) ->
    try re:run(S, P, O)
    catch C:R -> {C, R}
    end.

m(S, P) -> re:run(S, P, [unicode, caseless, {capture, none}]).

runs() ->
    [{"é", "aé", [unicode]}, {"é", <<"aé"/utf8>>, [unicode]}, {"é", "aé", []}, {"[à-ü]+", "xéàz", [unicode, {capture, all, list}]},
     {"(.)(.)", "日本", [unicode, {capture, all, binary}]}, {"(.)(.)", "日本", [unicode, {capture, all_but_first, list}]}, {".", "日本", [unicode, global]},
     {"ÀB", "àb", [unicode, caseless]}, {"\\x{65e5}", "日", [unicode]}, {"[^a]", "日", [unicode]}, {"\\bé", "xé é", [unicode]}, {"\\bé", "xé é", [unicode, ucp]},
     {"\\w+", "été", [unicode]}, {"\\w+", "été", [unicode, ucp]}, {"\\d", [16#663], [unicode, ucp]}, {"(?<=日)本", "日本", [unicode]}, {"a", "日a", [unicode, {offset, 3}]},
     {"a", "日a", [unicode, {offset, 1}]}, {"日{2}", "日日日", [unicode]}, {"日+?", "日日", [unicode]}, {"(?i)ß", "ß", [unicode]}, {"[[:^ascii:]]", "aé日", [unicode]},
     {"\\x{1F600}", [16#1F600], [unicode, {capture, first, list}]}, {"(日)\\1", "日日", [unicode]}, {"(?i)(é)\\1", "éÉ", [unicode]}, {"\\N", "\x{2028}", [unicode, {newline, any}]},
     {"^b", "a\x{85}b", [unicode, multiline, {newline, any}]}, {"a.*?é", "abcé", [unicode, {capture, first, binary}]}].

%% erl_scan on strings.
-module(scan_tokens).
-export([main/0]).

main() ->
    [io:format("~p~n", [erl_scan:string(S)]) ||
        S <- ["", "foo(X, Y) -> X + Y.", "'quoted atom' \"string\" $a $\\n", "16#ff 2#1010 1_000_000 1.5e3 1.0", "a % comment\nb.",
              "<<1:8, X/binary>>", "#{a => 1, b := 2}", "=:= =/= == /= >= =< <- <= -> => || .. ...", "fun() -> ok end", "X = \"a\\tb\\x41\\x{20AC}\".",
              "begin if true -> ok end", "\"multi\nline\"", "?MACRO #rec{f=1}", "_ _X X_1", "1.", "1.5.", "a.b", "\"concat\" \"enated\""]],
    [io:format("~p~n", [erl_scan:string(S)]) || S <- ["\"unterminated", "'open", "$", "1.0e", "16#", "37#1", "\\"]],
    io:format("~p~n", [erl_scan:string("a b", 5)]),
    io:format("~p~n", [erl_scan:string("a b", {1, 1})]),
    io:format("~p~n", [erl_scan:string("a %c\n b", {1, 1}, [return])]),
    io:format("~p~n", [erl_scan:string("foo", 1, [text])]),
    {ok, Ts, _} = erl_scan:string("foo(X) -> case X of 1 -> a; _ -> b end.", {1, 1}),
    io:format("~p~n", [[{erl_scan:category(T), erl_scan:column(T)} || T <- Ts]]),
    io:format("~p~n", [erl_scan:tokens([], "a. b", 1)]),
    {more, C} = erl_scan:tokens([], "a, ", 1),
    io:format("~p~n", [erl_scan:tokens(C, "b. rest", 1)]),
    io:format("~p ~p~n", [erl_scan:reserved_word('case'), erl_scan:reserved_word(foo)]),
    ok.

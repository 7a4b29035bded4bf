%% re: run, split, replace (PCRE).
-module(regexps).
-export([main/0]).

main() ->
    io:format("~p~n", [re:run("hello world", "o w")]),
    io:format("~p~n", [re:run("hello", "xyz")]),
    io:format("~p~n", [re:run("2024-02-29", "(\\d+)-(\\d+)-(\\d+)", [{capture, all, list}])]),
    io:format("~p~n", [re:run("key=value", "(?<k>\\w+)=(?<v>\\w+)", [{capture, [k, v], binary}])]),
    io:format("~p~n", [re:run("aXbXc", "X", [global])]),
    io:format("~p~n", [re:split("a, b,c", ",\\s*", [{return, list}])]),
    io:format("~p~n", [re:replace("hello", "l", "L", [global, {return, list}])]),
    io:format("~p~n", [re:replace("john smith", "(\\w+) (\\w+)", "\\2 \\1", [{return, binary}])]),
    {ok, P} = re:compile("^[a-z]+$", [caseless]),
    io:format("~p ~p~n", [re:run("ABC", P, [{capture, none}]), re:run("ab1", P, [{capture, none}])]),
    io:format("~p~n", [element(1, re:compile("("))]),
    ok.

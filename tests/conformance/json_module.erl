%% OTP 27's json module.
-module(json_module).
-export([main/0]).

main() ->
    [io:format("~kp~n", [json:decode(J)]) ||
        J <- [<<"null">>, <<"true">>, <<"123">>, <<"-1.5e3">>, <<"\"str\"">>, <<"[]">>, <<"[1, [2, []], {}]">>, <<"{\"a\": 1, \"b\": [true, false]}">>,
              <<"\"esc \\n \\u00e5 \\ud83d\\ude00\"">>, <<" { \"k\" : { \"n\" : null } } ">>, <<"12345678901234567890123">>]],
    [io:format("~s~n", [json:encode(T)]) ||
        T <- [null, true, 1, 1.5, <<"text">>, [], [1, 2, [3]], #{}, #{a => 1}, #{<<"k">> => [null]}, <<"quote \" \\ \n">>, #{1 => 2}, 1 bsl 70]],
    io:format("~ts~n", [json:encode(<<"åäö €"/utf8>>)]),
    [io:format("~p~n", [try json:decode(J) catch C:R -> {C, R} end]) || J <- [<<>>, <<"[1,">>, <<"{a}">>, <<"tru">>, <<"[1 2]">>, <<"\"open">>, <<255>>, <<"\"", 255, "\"">>, <<"1 2">>]],
    io:format("~p~n", [json:decode(<<"[1,2] rest">>, [], #{})]),
    io:format("~p~n", [json:decode(<<"{\"a\":1,\"b\":2}">>, [], #{object_push => fun(K, V, A) -> [{K, V} | A] end, object_start => fun(_) -> [] end, object_finish => fun(A, B) -> {lists:reverse(A), B} end})]),
    Big = [#{<<"id">> => I, <<"tags">> => [<<"t">>, I]} || I <- lists:seq(1, 200)],
    io:format("~w~n", [json:decode(iolist_to_binary(json:encode(Big))) =:= Big]),
    ok.

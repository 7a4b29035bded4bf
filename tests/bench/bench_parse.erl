%% The compiler's front: scanning and parsing Erlang source, and printing it.
-module(bench_parse).
-export([main/0, source/1]).

main() -> bench_timer:run(fun(K) -> {ok, Tokens, _} = erl_scan:string(source(30 * K)), parse(Tokens, [], []) end).

parse([{dot, _} = D | Rest], Form, Forms) ->
    {ok, F} = erl_parse:parse_form(lists:reverse(Form, [D])),
    parse(Rest, [], [erlang:phash2(F) | Forms]);
parse([T | Rest], Form, Forms) -> parse(Rest, [T | Form], Forms);
parse([], [], Forms) -> Forms.

%% N functions of some shapes that the compiler has to work on.
source(N) -> lists:append([function(integer_to_list(I)) || I <- lists:seq(1, N)]).

function(I) ->
    "f" ++ I ++ "(0, Acc) -> lists:reverse(Acc);\n"
    "f" ++ I ++ "(N, [H | T] = Acc) when N > " ++ I ++ ", is_integer(H) ->\n"
    "    M = #{key => N, \"text\" => {ok, H, <<N:16, \"abc\">>}},\n"
    "    case maps:get(key, M, undefined) of\n"
    "        {error, Why} -> exit({Why, [X * 2 || X <- T, X rem 3 =/= 0]});\n"
    "        V when V < 17, V =/= H -> try f" ++ I ++ "(N - 1, [V + H * " ++ I ++ " | Acc]) catch error:_:S -> {S, T} end;\n"
    "        _ -> F = fun(A, B) -> A + B - N end, f" ++ I ++ "(N - 1, [F(H, N), $a, 1.5 | T])\n"
    "    end;\n"
    "f" ++ I ++ "(N, Acc) -> f" ++ I ++ "(N - 1, [N | Acc]).\n".

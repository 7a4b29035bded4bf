%% OTP's compiler on a module of some size, up to the assembly.
-module(bench_compile).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> compile(4 * K) end).

compile(N) ->
    {ok, Tokens, _} = erl_scan:string("-module(made). -export([f1/2]).\n" ++ bench_parse:source(N)),
    {ok, made, Assembly} = compile:forms(forms(Tokens, [], []), [to_asm, binary, nowarn_unused_function]),
    erlang:phash2(Assembly).

forms([{dot, _} = D | Rest], Form, Forms) ->
    {ok, F} = erl_parse:parse_form(lists:reverse(Form, [D])),
    forms(Rest, [], [F | Forms]);
forms([T | Rest], Form, Forms) -> forms(Rest, [T | Form], Forms);
forms([], [], Forms) -> lists:reverse(Forms).

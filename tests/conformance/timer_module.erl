%% The timer module, whose server the kernel application starts on demand.
-module(timer_module).
-export([main/0]).

main() ->
    Self = self(),
    {ok, TRef} = timer:send_after(5, Self, from_timer_module),
    io:format("~w~n", [receive from_timer_module -> ok end]),
    _ = timer:cancel(TRef),
    timer:sleep(5),
    {Us, V} = timer:tc(fun() -> lists:sum(lists:seq(1, 100)) end),
    io:format("~w ~w~n", [is_integer(Us), V]),
    {ok, I} = timer:send_interval(2, Self, tick),
    io:format("~w~n", [[receive tick -> tick end || _ <- [1, 2, 3]]]),
    {ok, cancel} = timer:cancel(I),
    {ok, _} = timer:apply_after(5, erlang, send, [Self, applied]),
    io:format("~w~n", [receive applied -> ok end]),
    {ok, X} = timer:exit_after(10000, Self, never),
    io:format("~w~n", [timer:cancel(X)]),
    io:format("~w ~w ~w~n", [timer:seconds(2), timer:minutes(1), timer:hms(1, 1, 1)]),
    io:format("~w~n", [timer:hours(2)]),
    ok.

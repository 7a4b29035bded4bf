%% gen_statem: both callback modes, postponing, timeouts, next_event, enter calls.
-module(otp_gen_statem).
-behaviour(gen_statem).
-export([main/0]).
-export([init/1, callback_mode/0, locked/3, open/3, busy/3, terminate/3]).

main() ->
    process_flag(trap_exit, true),
    {ok, P} = gen_statem:start_link(?MODULE, {"1234", self()}, []),
    io:format("~p~n", [gen_statem:call(P, status)]),
    [gen_statem:cast(P, {button, B}) || B <- "12"],
    io:format("~p~n", [gen_statem:call(P, status)]),
    [gen_statem:cast(P, {button, B}) || B <- "34"],
    io:format("~p~n", [gen_statem:call(P, status)]),
    receive {entered, locked, timeout} -> io:format("locked again~n") after 2000 -> io:format("never locked~n") end,
    io:format("~p~n", [gen_statem:call(P, status)]),
    [gen_statem:cast(P, {button, B}) || B <- "9999"],
    io:format("~p~n", [gen_statem:call(P, status)]),
    gen_statem:cast(P, work),
    gen_statem:cast(P, {button, $7}),
    io:format("~p~n", [gen_statem:call(P, when_free)]),
    io:format("~p~n", [gen_statem:call(P, status)]),
    io:format("~p~n", [gen_statem:call(P, chain)]),
    io:format("~p~n", [lists:reverse(log([]))]),
    io:format("~p~n", [try gen_statem:call(P, unknown, 20) catch exit:{timeout, _} -> timeout end]),
    io:format("~p~n", [element(1, sys:get_state(P))]),
    io:format("~p~n", [gen_statem:stop(P)]),
    io:format("~p~n", [receive {terminated, R, S} -> {R, S} end]),
    io:format("~p~n", [receive {'EXIT', P, R1} -> R1 end]),
    io:format("~p~n", [try gen_statem:call(P, status) catch exit:{R2, _} -> R2 end]),
    ok.

log(Acc) -> receive {log, X} -> log([X | Acc]) after 0 -> Acc end.

callback_mode() -> [state_functions, state_enter].

init({Code, Main}) -> {ok, locked, #{code => lists:reverse(Code), got => [], main => Main, why => start}}.

locked(enter, Old, #{main := Main, why := Why} = D) ->
    case Old of open -> Main ! {entered, locked, Why}; _ -> ok end,
    {keep_state, D#{got := []}};
locked(cast, {button, B}, #{code := Code, got := Got} = D) ->
    case lists:sublist([B | Got], length(Code)) of
        Code -> {next_state, open, D};
        More -> {keep_state, D#{got := More}}
    end;
locked(cast, work, D) -> {next_state, busy, D, [{state_timeout, 10, finished}]};
locked(E, M, D) -> common(locked, E, M, D).

open(enter, _, D) -> {keep_state, D, [{state_timeout, 20, lock}]};
open(state_timeout, lock, D) -> {next_state, locked, D#{why := timeout}};
open(cast, {button, _}, _) -> keep_state_and_data;
open(E, M, D) -> common(open, E, M, D).

busy(enter, _, _) -> keep_state_and_data;
busy(state_timeout, finished, D) -> {next_state, locked, D};
busy(_, _, _) -> {keep_state_and_data, [postpone]}.

common(S, {call, From}, status, #{got := Got}) -> {keep_state_and_data, [{reply, From, {S, lists:reverse(Got)}}]};
common(S, {call, From}, when_free, _) -> {keep_state_and_data, [{reply, From, {free_in, S}}]};
common(_, {call, From}, chain, D) ->
    {keep_state, D, [{next_event, internal, {step, 1}}, {next_event, internal, {step, 2}}, {reply, From, chained}]};
common(_, internal, {step, N}, #{main := Main}) -> Main ! {log, {step, N}}, keep_state_and_data;
common(_, {call, _}, unknown, _) -> keep_state_and_data.

terminate(R, S, #{main := Main}) -> Main ! {terminated, R, S}.

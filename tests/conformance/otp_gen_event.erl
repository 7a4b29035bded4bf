%% gen_event, proc_lib and a hand-made special process with sys.
-module(otp_gen_event).
-behaviour(gen_event).
-export([main/0, special/1, system_continue/3, system_terminate/4, system_get_state/1, ready/2]).
-export([init/1, handle_event/2, handle_call/2, handle_info/2, terminate/2]).

main() ->
    process_flag(trap_exit, true),
    {ok, E} = gen_event:start_link(),
    ok = gen_event:add_handler(E, {?MODULE, one}, {one, self()}),
    ok = gen_event:add_handler(E, {?MODULE, two}, {two, self()}),
    io:format("~w~n", [gen_event:which_handlers(E)]),
    gen_event:sync_notify(E, {hello, 1}),
    io:format("~w~n", [lists:sort(flush())]),
    io:format("~w~n", [gen_event:call(E, {?MODULE, one}, count)]),
    io:format("~w~n", [gen_event:call(E, {?MODULE, three}, count)]),
    E ! info,
    gen_event:sync_notify(E, remove_two),
    io:format("~w~n", [lists:sort(flush())]),
    io:format("~w~n", [gen_event:which_handlers(E)]),
    io:format("~w~n", [gen_event:delete_handler(E, {?MODULE, one}, bye)]),
    io:format("~w~n", [gen_event:delete_handler(E, {?MODULE, one}, bye)]),
    io:format("~w~n", [gen_event:stop(E)]),
    flush(),
    %% proc_lib
    P = proc_lib:spawn(fun() -> receive {F, ask} -> F ! {proc_lib:translate_initial_call(self()), length(get('$ancestors'))} end end),
    P ! {self(), ask},
    io:format("~w~n", [receive {{_, _, A}, N} -> {A, N} end]),
    io:format("~w~n", [element(1, proc_lib:start(?MODULE, ready, [self(), ok]))]),
    io:format("~w~n", [proc_lib:start(?MODULE, ready, [self(), fail])]),
    io:format("~w~n", [proc_lib:start(?MODULE, ready, [self(), die])]),
    io:format("~w~n", [proc_lib:start_link(?MODULE, ready, [self(), never], 20)]),
    %% a special process
    S = proc_lib:spawn_link(?MODULE, special, [self()]),
    S ! {self(), inc}, S ! {self(), inc},
    io:format("~w~n", [[receive {S, V} -> V end || _ <- [1, 2]]]),
    io:format("~w~n", [sys:get_state(S)]),
    ok = sys:suspend(S),
    S ! {self(), inc},
    io:format("~w~n", [receive {S, V3} -> V3 after 20 -> suspended end]),
    ok = sys:resume(S),
    io:format("~w~n", [receive {S, V4} -> V4 end]),
    io:format("~w~n", [sys:terminate(S, enough)]),
    io:format("~w~n", [receive {'EXIT', S, R} -> R end]),
    ok.

flush() -> receive {'EXIT', _, _} -> flush(); M -> [M | flush()] after 0 -> [] end.

ready(Parent, ok) -> proc_lib:init_ack(Parent, {ok, self()});
ready(Parent, fail) -> proc_lib:init_fail(Parent, {error, failed}, {exit, normal});
ready(_, die) -> exit(died);
ready(_, never) -> receive never -> ok end.

special(Parent) -> special_loop(Parent, sys:debug_options([]), 0).

special_loop(Parent, Deb, N) ->
    receive
        {system, From, Req} -> sys:handle_system_msg(Req, From, Parent, ?MODULE, Deb, N);
        {From, inc} -> From ! {self(), N + 1}, special_loop(Parent, Deb, N + 1)
    end.

system_continue(Parent, Deb, N) -> special_loop(Parent, Deb, N).
system_terminate(Reason, _, _, _) -> exit(Reason).
system_get_state(N) -> {ok, {count, N}}.

init({Name, Main}) -> {ok, {Name, Main, 0}}.
handle_event(remove_two, {two, Main, _}) -> Main ! {two, removed}, remove_handler;
handle_event(Ev, {Name, Main, N}) -> Main ! {Name, Ev}, {ok, {Name, Main, N + 1}}.
handle_call(count, {_, _, N} = S) -> {ok, N, S}.
handle_info(I, {Name, Main, N}) -> Main ! {Name, got, I}, {ok, {Name, Main, N}}.
terminate(Why, {Name, Main, _}) -> Main ! {Name, terminated, Why}, {gone, Name}.

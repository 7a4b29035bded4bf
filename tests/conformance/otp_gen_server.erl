%% gen_server: calls, casts, infos, timeouts, continue, stop, crash, names, code of errors.
-module(otp_gen_server).
-behaviour(gen_server).
-export([main/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, handle_continue/2, terminate/2]).

main() ->
    process_flag(trap_exit, true),
    {ok, P} = gen_server:start_link(?MODULE, [1, 2], []),
    io:format("~w~n", [gen_server:call(P, get)]),
    gen_server:cast(P, {push, 3}),
    io:format("~w~n", [gen_server:call(P, get)]),
    P ! {push_info, 4},
    io:format("~w~n", [gen_server:call(P, get)]),
    io:format("~w~n", [gen_server:call(P, later)]),
    io:format("~w~n", [gen_server:call(P, timeout_soon)]),
    receive {timed_out, P} -> io:format("timed out~n") after 1000 -> io:format("no timeout~n") end,
    io:format("~w~n", [gen_server:call(P, continue)]),
    receive {continued, X} -> io:format("continued ~w~n", [X]) end,
    io:format("~w~n", [try gen_server:call(P, slow, 10) catch exit:{timeout, {gen_server, call, [P, slow, 10]}} -> timed_out end]),
    io:format("~w~n", [gen_server:stop(P)]),
    io:format("~w~n", [receive {terminated, R} -> R end]),
    io:format("~w~n", [receive {'EXIT', P, R1} -> R1 end]),
    io:format("~w~n", [try gen_server:call(P, get) catch exit:{R2, {gen_server, call, _}} -> R2 end]),
    {ok, _} = gen_server:start_link({local, named}, ?MODULE, [], []),
    io:format("~w~n", [gen_server:call(named, get)]),
    io:format("~w~n", [element(1, gen_server:start({local, named}, ?MODULE, [], []))]),
    io:format("~w~n", [try gen_server:call(named, crash) catch exit:{{R3, _}, _} -> R3 end]),
    io:format("~w~n", [receive {terminated, {R4, _}} -> R4 end]),
    io:format("~w~n", [receive {'EXIT', _, {R5, _}} -> R5 end]),
    io:format("~w~n", [gen_server:start(?MODULE, stop_now, [])]),
    io:format("~w~n", [gen_server:start(?MODULE, ignore, [])]),
    io:format("~w~n", [begin {error, {Why, _}} = gen_server:start(?MODULE, crash, []), Why end]),
    io:format("~w~n", [gen_server:start(?MODULE, {stop_error, e}, [])]),
    {ok, Q} = gen_server:start(?MODULE, [q], []),
    io:format("~w~n", [gen_server:call(Q, {stop_reply, bye})]),
    io:format("~w~n", [receive {terminated, R6} -> R6 end]),
    {ok, S} = gen_server:start(?MODULE, [a], []),
    Id = gen_server:send_request(S, get),
    io:format("~w~n", [gen_server:wait_response(Id, 1000)]),
    io:format("~w~n", [gen_server:multi_call([node()], nobody, x) =:= {[], [node()]}]),
    io:format("~w~n", [sys:get_state(S)]),
    io:format("~w~n", [sys:replace_state(S, fun(L) -> [new | L] end)]),
    ok = sys:suspend(S),
    io:format("~w~n", [try gen_server:call(S, get, 10) catch exit:{timeout, _} -> suspended end]),
    ok = sys:resume(S),
    io:format("~w~n", [gen_server:call(S, get)]),
    {status, S, {module, Mod}, [_, running | _]} = sys:get_status(S),
    io:format("~w~n", [Mod]),
    exit(S, kill),
    io:format("~w~n", [gen_server:cast(nobody, x)]),
    ok.

init(stop_now) -> {stop, because};
init(ignore) -> ignore;
init(crash) -> error(init_crashed);
init({stop_error, E}) -> {error, E};
init(L) -> put(main, hd(get('$ancestors'))), {ok, L}.

handle_call(get, _, L) -> {reply, L, L};
handle_call(later, From, L) -> self() ! {reply_to, From}, {noreply, L};
handle_call(timeout_soon, _, L) -> {reply, soon, L, 5};
handle_call(continue, _, L) -> {reply, ok, L, {continue, {go, L}}};
handle_call(slow, _, L) -> timer:sleep(30), {reply, slow, L};
handle_call(crash, _, _) -> error(crashed);
handle_call({stop_reply, R}, _, L) -> {stop, normal, R, L}.

handle_cast({push, X}, L) -> {noreply, [X | L]}.

handle_info({push_info, X}, L) -> {noreply, [X | L]};
handle_info({reply_to, From}, L) -> gen_server:reply(From, later_reply), {noreply, L};
handle_info(timeout, L) -> get(main) ! {timed_out, self()}, {noreply, L};
handle_info(_, L) -> {noreply, L}.

handle_continue({go, L}, L) -> get(main) ! {continued, L}, {noreply, L}.

terminate(R, _) -> get(main) ! {terminated, R}.

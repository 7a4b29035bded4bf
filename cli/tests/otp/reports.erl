%% What logger prints of processes that die. The test hides pids, times and sizes.
-module(reports).
-export([main/0, init/1, handle_call/3, handle_cast/2, handle_info/2, start_link/0]).
-behaviour(gen_server).

main() ->
    ok = logger:update_formatter_config(default, #{template => ["[", level, "] ", msg, "\n"]}),
    wait(spawn(fun() -> error(boom) end)),
    wait(spawn(fun() -> erlang:error({bad, "thing"}) end)),
    wait(spawn(fun() -> throw(up) end)),
    wait(spawn(fun() -> exit(quiet) end)),
    wait(spawn(fun() -> 1 + hd(tl([1, a])) end)),
    wait(proc_lib:spawn(fun() -> exit(loud) end)),
    wait(proc_lib:spawn(fun() -> lists:nth(3, [1]) end)),
    process_flag(trap_exit, true),
    {ok, S} = start_link(),
    catch gen_server:call(S, crash),
    wait(S),
    {ok, T} = start_link(),
    T ! surprise,
    T ! crash,
    wait(T),
    {ok, Sup} = supervisor:start_link(?MODULE, sup),
    [{_, C, _, _}] = supervisor:which_children(Sup),
    exit(C, kill),
    wait(C),
    timer:sleep(100),
    logger:error("~ts ~p", ["text", {a, 1}]),
    logger:warning(#{what => report, why => "because"}),
    error_logger:error_msg("old ~w~n", [style]),
    error_logger:info_report([{tag, value}, text]),
    io:format(standard_error, "to standard error~n", []),
    timer:sleep(100).

wait(Pid) ->
    R = monitor(process, Pid),
    receive {'DOWN', R, process, Pid, _} -> ok end,
    timer:sleep(30).

start_link() -> gen_server:start_link(?MODULE, [], []).

init(sup) -> {ok, {#{intensity => 1, period => 5}, [#{id => child, start => {?MODULE, start_link, []}}]}};
init([]) -> {ok, state}.
handle_call(crash, _, _) -> error(in_call).
handle_cast(_, S) -> {noreply, S}.
handle_info(crash, _) -> exit(in_info);
handle_info(M, S) -> logger:notice("got ~p", [M]), {noreply, S}.

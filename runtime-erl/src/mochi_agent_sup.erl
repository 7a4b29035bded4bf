-module(mochi_agent_sup).
-moduledoc """
The supervisor of agents, for any number of them: children are added as they are wanted and leave nothing behind.

An agent that is never restarted is a child itself. One that is has a keeper: a supervisor of that agent alone, so that an agent that crashes
again and again (more than `intensity` times in `period` seconds) takes no other with it. A keeper ends with its agent's normal end.
""".

-behaviour(supervisor).

-export([start_link/0, start_link/1, agent/1, keeper/2, kept/1, stop/1, init/1]).

-doc "The supervisor.".
-spec start_link() -> supervisor:startlink_ret().
start_link() -> supervisor:start_link({local, ?MODULE}, ?MODULE, agents).

-doc "A child: an agent or a keeper.".
-spec start_link(term()) -> gen_server:start_ret() | supervisor:startlink_ret().
start_link({keeper, _, _} = What) -> supervisor:start_link(?MODULE, What);
start_link(What) -> mochi_agent:start_link(What).

-doc "Starts an agent that is never restarted.".
-spec agent(term()) -> supervisor:startchild_ret().
agent(What) -> supervisor:start_child(?MODULE, [What]).

-doc "Starts an agent with a keeper.".
-spec keeper(tuple(), transient | permanent) -> supervisor:startchild_ret().
keeper(What, Restart) ->
    case supervisor:start_child(?MODULE, [{keeper, erlang:append_element(What, keeper), Restart}]) of
        {error, {shutdown, {failed_to_start_child, _, Why}}} -> {error, Why};
        Other -> Other
    end.

-doc "The agent of a keeper; the keeper itself when there is none any more.".
-spec kept(pid()) -> pid().
kept(Keeper) ->
    try supervisor:which_children(Keeper) of
        [{_, Pid, _, _}] when is_pid(Pid) -> Pid;
        _ -> Keeper
    catch exit:_ -> Keeper
    end.

-doc "Ends an agent and its keeper. However long the agent takes to close, only its keeper waits.".
-spec stop(pid()) -> ok.
stop(Keeper) ->
    _ = try supervisor:terminate_child(Keeper, agent) catch exit:_ -> ok end,
    _ = supervisor:terminate_child(?MODULE, Keeper),
    ok.

-doc false.
-spec init(agents | {keeper, tuple(), transient | permanent}) -> {ok, {supervisor:sup_flags(), [supervisor:child_spec()]}}.
init(agents) ->
    {ok, {#{strategy => simple_one_for_one, intensity => 10, period => 10},
          [#{id => agent, start => {?MODULE, start_link, []}, restart => temporary, shutdown => 5000, type => worker,
             modules => [mochi_agent]}]}};
init({keeper, What, Restart}) ->
    Significant = Restart =:= transient,
    Flags = #{strategy => one_for_one, intensity => mochi_app:env(agent_restarts, 5),
              period => mochi_app:env(agent_restart_period, 10),
              auto_shutdown => case Significant of true -> any_significant; false -> never end},
    {ok, {Flags, [#{id => agent, start => {mochi_agent, start_link, [What]}, restart => Restart,
                    significant => Significant, shutdown => 5000, type => worker, modules => [mochi_agent]}]}}.

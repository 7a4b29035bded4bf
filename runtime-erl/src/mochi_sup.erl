-module(mochi_sup).
-moduledoc """
The top of the tree. Children in the order of start:

```text
mochi_sup            one_for_one
  mochi_atoms        transient: registers the runtime's atoms, then ends
  mochi_fetch_sup    one pool of requests per origin
  mochi_llm_sup      a server per provider
  mochi_stream_sup   the scope of the streams' groups, recorders, subscribers
  mochi_agent_sup    agents
  mochi_telemetry    handlers
```

The tables that outlive a crash of whoever writes them belong to this process.
""".

-behaviour(supervisor).

-export([start_link/0, init/1]).

-define(CHILDREN, [mochi_fetch_sup, mochi_llm_sup, mochi_stream_sup, mochi_agent_sup, mochi_telemetry]).

-doc "Starts the tree, linked to the caller.".
-spec start_link() -> supervisor:startlink_ret().
start_link() -> supervisor:start_link({local, ?MODULE}, ?MODULE, []).

-doc false.
-spec init([]) -> {ok, {supervisor:sup_flags(), [supervisor:child_spec()]}}.
init([]) ->
    case ets:whereis(mochi_atoms) of
        undefined -> lists:foreach(fun mochi_app:free/1, ?CHILDREN);
        _ -> ok
    end,
    lists:foreach(fun table/1,
                  [{mochi_atoms, [set]}, {mochi_agents, [set]}, {mochi_recorders, [set]},
                   {mochi_history, [ordered_set]}, {mochi_origins, [set]}, {mochi_cache, [set]},
                   {mochi_cache_order, [ordered_set]}, {mochi_telemetry, [set]}]),
    Worker = fun(M, Restart) ->
                     #{id => M, start => {M, start_link, []}, restart => Restart, shutdown => 5000, type => worker}
             end,
    Tree = fun(M) ->
                   #{id => M, start => {M, start_link, []}, restart => permanent, shutdown => infinity,
                     type => supervisor}
           end,
    {ok, {#{strategy => one_for_one, intensity => 10, period => 10},
          [Worker(mochi_atoms, transient), Tree(mochi_fetch_sup), Tree(mochi_llm_sup), Tree(mochi_stream_sup),
           Tree(mochi_agent_sup), Worker(mochi_telemetry, permanent)]}}.

%% Also called when code is upgraded, with the tables there.
table({Name, Type}) ->
    case ets:whereis(Name) of
        undefined -> ets:new(Name, [named_table, public, {read_concurrency, true} | Type]);
        _ -> Name
    end.

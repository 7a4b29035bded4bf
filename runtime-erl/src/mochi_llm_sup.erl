-module(mochi_llm_sup).
-moduledoc "The supervisor of the providers' servers.".

-behaviour(supervisor).

-export([start_link/0, init/1]).

-doc "The supervisor.".
-spec start_link() -> supervisor:startlink_ret().
start_link() -> supervisor:start_link({local, ?MODULE}, ?MODULE, []).

-doc false.
-spec init([]) -> {ok, {supervisor:sup_flags(), [supervisor:child_spec()]}}.
init([]) ->
    {ok, {#{strategy => one_for_one, intensity => 10, period => 10},
          [#{id => M, start => {M, start_link, []}, restart => permanent, shutdown => 1000, type => worker,
             modules => [M, mochi_llm_server]} || M <- [mochi_llm_openai, mochi_llm_anthropic]]}}.

-module(mochi_fetch_sup).
-moduledoc """
The supervisor of the pools of requests, one per origin (scheme, host, port). When there are as many as may be, one that has nothing to do makes room.
""".

-behaviour(supervisor).

-export([start_link/0, pool/1, init/1]).

-define(MOST, 64).

-doc "The supervisor.".
-spec start_link() -> supervisor:startlink_ret().
start_link() -> supervisor:start_link({local, ?MODULE}, ?MODULE, []).

-doc "The pool of an origin.".
-spec pool(mochi_transport:origin()) -> {ok, pid()} | {error, overloaded}.
pool(Origin) ->
    case ets:lookup(mochi_origins, Origin) of
        [{_, Pid}] -> {ok, Pid};
        [] -> start(Origin)
    end.

start(Origin) ->
    Children = supervisor:which_children(?MODULE),
    case length(Children) < mochi_app:env(fetch_origins, ?MOST) orelse make_room(Children) of
        true ->
            Child = #{id => Origin, start => {mochi_fetch_pool, start_link, [Origin]}, restart => permanent,
                      shutdown => 1000, type => worker, modules => [mochi_fetch_pool]},
            case supervisor:start_child(?MODULE, Child) of
                {ok, Pid} -> {ok, Pid};
                {error, {already_started, Pid}} -> {ok, Pid};
                {error, already_present} ->
                    _ = supervisor:delete_child(?MODULE, Origin),
                    start(Origin)
            end;
        false -> {error, overloaded}
    end.

make_room([]) -> false;
make_room([{Origin, Pid, _, _} | Rest]) ->
    case not is_pid(Pid) orelse mochi_fetch_pool:retire(Pid) of
        true ->
            _ = supervisor:terminate_child(?MODULE, Origin),
            _ = supervisor:delete_child(?MODULE, Origin),
            true;
        false -> make_room(Rest)
    end.

-doc false.
-spec init([]) -> {ok, {supervisor:sup_flags(), [supervisor:child_spec()]}}.
init([]) -> {ok, {#{strategy => one_for_one, intensity => 10, period => 10}, []}}.

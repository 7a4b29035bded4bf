-module(mochi_telemetry).
-moduledoc """
Events of the runtime, and who wants to know.

| event | measurements | metadata |
|---|---|---|
| `[mochi, agent, start]` | `system_time` | `agent`, `module` |
| `[mochi, agent, stop]`, `[mochi, agent, crash]` | `duration` | `agent`, `module`, `reason` |
| `[mochi, stream, publish]` | `subscribers` | `stream` |
| `[mochi, stream, subscribe]` | `system_time` | `stream`, `from` |
| `[mochi, fetch, request, start]` | `system_time` | `method`, `url` |
| `[mochi, fetch, request, stop]` | `duration`, `bytes` | `method`, `url`, `status` or `error` |
| `[mochi, query, execute, start]` | `system_time` | `query` |
| `[mochi, query, execute, stop]` | `duration`, `rows` | `query` |

Times are in native units. Where the application `telemetry` is installed, events and handlers are handed to it; else this module does what it does: handlers run in
the process that emits, and one that fails is detached and logged. Handlers survive a crash of this server.
""".

-behaviour(gen_server).

-export([start_link/0, execute/3, span/4, attach/4, attach_many/4, detach/1, handlers/1, handlers/0, backend/0]).
-export([utilization/0, log_crash/4]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).
-export_type([event/0, handler/0]).

-type event() :: [atom(), ...].
-type handler() :: fun((event(), map(), map(), term()) -> term()).

-define(TABLE, ?MODULE).
-define(OWN_HANDLER, <<"mochi.log">>).

-doc "Starts the server that looks for `telemetry`, attaches the default handler and measures schedulers.".
-spec start_link() -> gen_server:start_ret().
start_link() -> gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

-doc "Tells all handlers of an event. Does nothing where the application does not run.".
-spec execute(event(), map(), map()) -> ok.
execute(Event, Measurements, Metadata) ->
    case backend() of
        none -> ok;
        own ->
            lists:foreach(fun({Id, F, Config}) -> tell(Id, F, Event, Measurements, Metadata, Config) end,
                          lookup({event, Event}));
        {telemetry, Module} -> Module:execute(Event, Measurements, Metadata)
    end.

tell(Id, F, Event, Measurements, Metadata, Config) ->
    try F(Event, Measurements, Metadata, Config) of
        _ -> ok
    catch
        Class:Reason:Stack ->
            _ = detach(Id),
            mochi_log:error(<<"a telemetry handler failed and was detached">>,
                            #{handler => Id, event => Event, error => {Class, Reason}, stack => Stack})
    end.

-doc """
Runs a function that gives `{Result, Measurements, Metadata}` between the events `Prefix ++ [start]` and `Prefix ++ [stop]`; an exception is told as stop
with its reason under `error` and goes on.
""".
-spec span(event(), map(), fun(() -> {Result, map(), map()}), fun(() -> integer())) -> Result.
span(Prefix, Metadata, Body, Clock) ->
    execute(Prefix ++ [start], #{system_time => erlang:system_time()}, Metadata),
    Start = Clock(),
    try Body() of
        {Result, Measurements, More} ->
            execute(Prefix ++ [stop], Measurements#{duration => Clock() - Start}, maps:merge(Metadata, More)),
            Result
    catch
        Class:Reason:Stack ->
            execute(Prefix ++ [stop], #{duration => Clock() - Start}, Metadata#{error => {Class, Reason}}),
            erlang:raise(Class, Reason, Stack)
    end.

-doc "Attaches a handler to one event.".
-spec attach(term(), event(), handler(), term()) -> ok | {error, already_exists}.
attach(Id, Event, Handler, Config) -> attach_many(Id, [Event], Handler, Config).

-doc "Attaches a handler to several events.".
-spec attach_many(term(), [event()], handler(), term()) -> ok | {error, already_exists}.
attach_many(Id, Events, Handler, Config) when is_function(Handler, 4) ->
    ok = mochi_app:ensure(),
    case backend() of
        {telemetry, Module} -> Module:attach_many(Id, Events, Handler, Config);
        _ -> gen_server:call(?MODULE, {attach, Id, Events, Handler, Config})
    end.

-doc "Detaches a handler from all its events.".
-spec detach(term()) -> ok | {error, not_found}.
detach(Id) ->
    case backend() of
        {telemetry, Module} -> Module:detach(Id);
        none -> {error, not_found};
        %% A handler may detach itself, also while the server emits.
        own when Id =:= undefined -> {error, not_found};
        own ->
            case erlang:whereis(?MODULE) of
                Self when Self =:= self() -> remove(Id);
                _ -> gen_server:call(?MODULE, {detach, Id})
            end
    end.

-doc "Attached handlers of an event and of those that begin with it.".
-spec handlers(event() | []) -> [#{id := term(), event := event(), config := term()}].
handlers(Prefix) ->
    case backend() of
        {telemetry, Module} -> [maps:with([id, event, config], H#{event => E}) || #{event_name := E} = H <- Module:list_handlers(Prefix)];
        none -> [];
        own -> [#{id => Id, event => E, config => C} || {{event, E}, Hs} <- ets:tab2list(?TABLE),
                                                        lists:prefix(Prefix, E), {Id, _, C} <- Hs]
    end.

-doc "All attached handlers.".
-spec handlers() -> [#{id := term(), event := event(), config := term()}].
handlers() -> handlers([]).

-doc "Who does the telling: this module, a module with the interface of `telemetry`, or nobody because the application does not run.".
-spec backend() -> none | own | {telemetry, module()}.
backend() ->
    case lookup(backend) of
        [] -> none;
        Backend -> Backend
    end.

-doc "Share of the time that schedulers have worked since the application started, where the VM counts it.".
-spec utilization() -> {ok, float()} | {error, notsup}.
utilization() ->
    case {lookup(wall_time), wall_time()} of
        {[_ | _] = Before, [_ | _] = After} ->
            Pairs = lists:zip(lists:sort(Before), lists:sort(After)),
            {Active, Total} = lists:foldl(fun({{_, A0, T0}, {_, A1, T1}}, {A, T}) -> {A + A1 - A0, T + T1 - T0} end,
                                          {0, 0}, Pairs),
            {ok, Active / max(1, Total)};
        _ -> {error, notsup}
    end.

-doc "The handler that is there from the start: crashes of agents go to the log.".
-spec log_crash(event(), map(), map(), term()) -> ok.
log_crash(_Event, _Measurements, Metadata, _Config) ->
    mochi_log:error(<<"an agent crashed">>, Metadata).

lookup(Key) ->
    try ets:lookup(?TABLE, Key) of
        [{_, V}] -> V;
        [] -> []
    catch error:badarg -> []
    end.

%%% The server

-doc false.
-spec init([]) -> {ok, []}.
init([]) ->
    Backend = case mochi_app:env(telemetry, telemetry) of
                  none -> own;
                  Module ->
                      case mochi_app:has(Module) of
                          true -> started(Module);
                          false -> own
                      end
              end,
    true = ets:insert(?TABLE, {backend, Backend}),
    _ = try erlang:system_flag(scheduler_wall_time, true) catch error:_ -> false end,
    true = ets:insert(?TABLE, {wall_time, wall_time()}),
    _ = add(Backend, ?OWN_HANDLER, [[mochi, agent, crash]], fun ?MODULE:log_crash/4, []),
    {ok, []}.

started(Module) ->
    case application:ensure_all_started(Module) of
        {ok, _} -> {telemetry, Module};
        {error, _} -> own
    end.

wall_time() ->
    case try erlang:statistics(scheduler_wall_time) catch error:_ -> undefined end of
        L when is_list(L) -> L;
        _ -> []
    end.

-doc false.
-spec handle_call(term(), gen_server:from(), []) -> {reply, term(), []}.
handle_call({attach, Id, Events, Handler, Config}, _From, S) -> {reply, add(own, Id, Events, Handler, Config), S};
handle_call({detach, Id}, _From, S) -> {reply, remove(Id), S};
handle_call(_, _From, S) -> {reply, {error, badarg}, S}.

-doc false.
-spec handle_cast(term(), []) -> {noreply, []}.
handle_cast(_, S) -> {noreply, S}.

-doc false.
-spec handle_info(term(), []) -> {noreply, []}.
handle_info(_, S) -> {noreply, S}.

add({telemetry, Module}, Id, Events, Handler, Config) ->
    Module:attach_many(Id, Events, Handler, Config);
add(own, Id, Events, Handler, Config) ->
    case lookup({handler, Id}) of
        [] ->
            true = ets:insert(?TABLE, {{handler, Id}, Events}),
            lists:foreach(fun(E) -> ets:insert(?TABLE, {{event, E}, lookup({event, E}) ++ [{Id, Handler, Config}]}) end,
                          Events);
        _ -> {error, already_exists}
    end.

remove(Id) ->
    case lookup({handler, Id}) of
        [] -> {error, not_found};
        Events ->
            true = ets:delete(?TABLE, {handler, Id}),
            lists:foreach(fun(E) ->
                                  case lists:keydelete(Id, 1, lookup({event, E})) of
                                      [] -> ets:delete(?TABLE, {event, E});
                                      Rest -> ets:insert(?TABLE, {{event, E}, Rest})
                                  end
                          end, Events)
    end.

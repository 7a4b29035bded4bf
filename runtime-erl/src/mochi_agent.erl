-module(mochi_agent).
-moduledoc """
Agents: each is a gen_server process that owns its state.

There are two kinds. An `agent` of a Mochi program has its state in its process's dictionary, under the keys that the compiler chose, and ends with its program; it is
`{'$agent', Pid, Name, Spec}` with `Spec = {Module, Name, Init, Handlers, StateKeys}`. An agent of an Erlang or FFI module that has this behaviour is started with `start/3`; one that
is to be restarted after a crash has a keeper, a supervisor of its own that lives as long as the agent is wanted, and is `{'$agent', Keeper, Name, {keeper, Module}}`.

Intents are calls, `tell/3` is a cast, events of streams are infos, `on_close` runs in `terminate/2`. Calls wait. While a process waits for another it
serves requests that come back to it, so that a handler may emit, an intent may read the program's globals, and two agents may call each other: `ask/2` is the
only way in which Mochi processes talk, and its waiting loop handles the same requests as `handle_call/3`. Replies come to an alias that ends with the wait, so that none is left
in a mailbox. Arguments, events and results are copied (`mochi_cell:pack/1`); an error travels to the caller and on to the program.
""".

-behaviour(gen_server).

-export([new/2, call/3, method/3, field/2, given/2, given_value/2]).
-export([start/2, start/3, call/4, tell/3, stop/1, pid/1]).
-export([init_root/0, root/0, ask/2, ask/3, ask_any/2, event/3, stop_all/0, serve_for/1]).
-export([start_link/1, init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

-export_type([agent/0, options/0]).

-type spec() :: {module(), binary(), atom(), [{atom(), atom()}], #{binary() => atom()}}.
-type agent() :: {'$agent', pid(), binary(), spec() | {agent | keeper, module()}}.
-type options() :: #{restart => temporary | transient | permanent, name => binary(), streams => [mochi_stream:name()]}.

-doc "The agent's constructor: its first state.".
-callback construct(Args :: term()) -> State :: term().
-doc "An intent: reply and next state.".
-callback intent(Name :: atom() | binary(), Args :: [term()], State :: term()) -> {Reply :: term(), State :: term()}.
-doc "An event of a stream that the agent was started with.".
-callback event(Stream :: mochi_stream:name(), Event :: term(), State :: term()) -> State :: term().
-doc "The last that the agent does.".
-callback on_close(Reason :: term(), State :: term()) -> term().
-optional_callbacks([event/3, on_close/2]).

%% gen_server's own form of a client's alias.
-dialyzer({no_improper_lists, [post/2]}).

-define(RETRY, 20).

%% `mind`: `{program, Root}` or `{module, Module, State}`.
-record(state, {mind, name, module, streams = [], scope, began, keeper}).

-doc "This process runs a program: it owns the globals and the list of who handles which stream.".
-spec init_root() -> ok.
init_root() ->
    erlang:put('$mochi_root', self()),
    erlang:put('$mochi_agents', []),
    ok.

-doc "The process that runs the program.".
-spec root() -> pid().
root() ->
    case erlang:get('$mochi_root') of
        undefined -> self();
        Pid -> Pid
    end.

%%% Agents of programs

-doc "A new agent with these field values instead of its own initial ones; subscribed to the streams that it handles.".
-spec new(spec(), [{binary(), term()}]) -> agent().
new({_, Name, _, Handlers, _} = Spec, Given) ->
    ok = mochi_app:ensure(),
    {ok, Pid} = mochi_agent_sup:agent({program, Spec, root(), group_leader()}),
    Agent = {'$agent', Pid, Name, Spec},
    ask(root(), {agent, Pid}),
    ask(Pid, {init, mochi_cell:pack(Given)}),
    lists:foreach(fun(Stream) -> ask(root(), {subscribe, Stream, Pid}) end,
                  lists:usort([S || {S, _} <- Handlers])),
    Agent.

-doc "Calls an intent.".
-spec call(term(), atom() | binary(), [term()]) -> term().
call(Agent, Intent, Args) -> call(Agent, Intent, Args, infinity).

-doc "Calls an intent and waits for so many milliseconds at most; then it is a runtime error.".
-spec call(term(), atom() | binary(), [term()], timeout()) -> term().
call({'$agent', _, _, _} = Agent, Intent, Args, Timeout) ->
    Packed = mochi_str:own(mochi_cell:pack(Args)),
    case ask(pid(Agent), {call, Intent, Packed}, Timeout) of
        {ok, V} -> mochi_cell:unpack(V);
        timeout -> mochi_core:fail(<<"the agent did not answer in time">>)
    end;
call({'$cell', _, _} = C, Intent, Args, Timeout) -> call(mochi_cell:plain(C), Intent, Args, Timeout);
call(nil, _, _, _) -> mochi_core:fail(<<"cannot call an intent of null">>);
call(_, _, _, _) -> mochi_core:fail(<<"not an agent">>).

-doc "Calls an intent without waiting for it; its result is dropped, an error of it is logged.".
-spec tell(term(), atom() | binary(), [term()]) -> nil.
tell({'$agent', _, _, _} = Agent, Intent, Args) ->
    ok = gen_server:cast(pid(Agent), {mochi, {call, Intent, mochi_str:own(mochi_cell:pack(Args))}}),
    nil;
tell({'$cell', _, _} = C, Intent, Args) -> tell(mochi_cell:plain(C), Intent, Args);
tell(_, _, _) -> mochi_core:fail(<<"not an agent">>).

-doc "Calls an intent by its name.".
-spec method(agent(), binary(), [term()]) -> term().
method({'$agent', _, _, {_, _}} = Agent, Intent, Args) ->
    call(Agent, Intent, Args);
method({'$agent', _, Name, {Module, _, _, _, _}} = Agent, Intent, Args) ->
    Known = case mochi_atoms:existing(<<Name/binary, $., Intent/binary>>) of
                {ok, Fun} -> erlang:function_exported(Module, Fun, length(Args)) andalso Fun;
                error -> false
            end,
    case Known of
        false -> mochi_core:fail([<<"no intent ">>, Intent, <<" on ">>, Name]);
        _ -> call(Agent, Known, Args)
    end.

-doc "A state variable, from outside.".
-spec field(term(), binary()) -> term().
field({'$agent', Pid, _, {_, _, _, _, Keys}}, Name) ->
    case Keys of
        #{Name := Key} -> mochi_cell:unpack(ask(Pid, {state, Key}));
        #{} -> nil
    end;
field({'$agent', _, _, _}, _) -> nil;
field(V, Name) -> mochi_ref:field(V, Name).

-doc "Was a value given for this state variable?".
-spec given([{binary(), term()}], binary()) -> boolean().
given(Given, Name) -> lists:keymember(Name, 1, Given).

-doc "The value given for it.".
-spec given_value([{binary(), term()}], binary()) -> term().
given_value(Given, Name) -> element(2, lists:keyfind(Name, 1, Given)).

-doc "Hands an event to an agent and waits until its handlers have run.".
-spec event(pid(), atom(), term()) -> ok.
event(Pid, Stream, Packed) ->
    ask(Pid, {event, Stream, mochi_str:own(Packed)}),
    ok.

-doc "Stops all agents of the program. Agents that are busy may still ask for globals.".
-spec stop_all() -> ok.
stop_all() ->
    lists:foreach(fun(Pid) ->
                          Ref = erlang:monitor(process, Pid),
                          exit(Pid, shutdown),
                          gone(Pid, Ref)
                  end, erlang:get('$mochi_agents')),
    erlang:put('$mochi_agents', []),
    ok.

gone(Pid, Ref) ->
    receive
        {'DOWN', Ref, process, Pid, _} -> ok;
        {'$gen_call', From, {mochi, Request}} ->
            gen_server:reply(From, run(Request)),
            gone(Pid, Ref)
    after 5000 ->
        exit(Pid, kill),
        receive {'DOWN', Ref, process, Pid, _} -> ok end
    end.

%%% Agents of modules with this behaviour

-doc "Starts an agent of a module with this behaviour.".
-spec start(module(), term()) -> agent().
start(Module, Args) -> start(Module, Args, #{}).

-doc """
The same with options: `restart` (`transient` without one: again after a crash; `permanent`: again whenever it ends; `temporary`: never), `name`, and the `streams`
whose events it gets. A constructor that fails is a runtime error here.
""".
-spec start(module(), term(), options()) -> agent().
start(Module, Args, Options) ->
    ok = mochi_app:ensure(),
    Name = maps:get(name, Options, atom_to_binary(Module)),
    Streams = maps:get(streams, Options, []),
    What = {module, Module, Name, mochi_str:own(Args), Streams, group_leader()},
    Started = case maps:get(restart, Options, transient) of
                  temporary -> {agent, mochi_agent_sup:agent(What)};
                  Restart -> {keeper, mochi_agent_sup:keeper(What, Restart)}
              end,
    case Started of
        {Kind, {ok, Pid}} -> {'$agent', Pid, Name, {Kind, Module}};
        {_, {error, Why}} -> mochi_core:fail(unicode:characters_to_binary([<<"the agent ">>, Name, <<" does not start: ">>, io_lib:format("~tw", [Why])]))
    end.

-doc "Ends an agent for good, after its `on_close`.".
-spec stop(agent()) -> ok.
stop({'$agent', Keeper, _, {keeper, _}}) -> mochi_agent_sup:stop(Keeper);
stop({'$agent', Pid, _, _}) ->
    Ref = erlang:monitor(process, Pid),
    exit(Pid, shutdown),
    gone(Pid, Ref).

-doc "The process of an agent, at this moment.".
-spec pid(agent()) -> pid().
pid({'$agent', Keeper, _, {keeper, _}}) ->
    try ets:lookup(mochi_agents, Keeper) of
        [{_, Pid}] -> Pid;
        %% Between a crash and the restart: the keeper answers after the latter.
        [] -> mochi_agent_sup:kept(Keeper)
    catch error:badarg -> Keeper
    end;
pid({'$agent', Pid, _, _}) -> Pid.

%%% Requests

-doc "Has another process (or this one) do a request, and serves what comes back meanwhile.".
-spec ask(pid(), term()) -> term().
ask(Pid, Request) ->
    {ok, V} = ask(Pid, Request, infinity),
    V.

-doc "The same for so many milliseconds at most.".
-spec ask(pid(), term(), timeout()) -> {ok, term()} | timeout.
ask(Pid, Request, _) when Pid =:= self() ->
    {ok, serve(Request)};
ask(Pid, Request, Timeout) ->
    Alias = post(Pid, Request),
    case wait(Alias, until(Timeout)) of
        timeout ->
            _ = erlang:demonitor(Alias, [flush]),
            receive {[alias | Alias], _} -> ok after 0 -> ok end,
            timeout;
        Reply -> {ok, result(Reply)}
    end.

-doc "Asks several and gives the first answer with the place of who gave it; nobody else's answer is waited for.".
-spec ask_any([{pid(), term()}], timeout()) -> {ok, pos_integer(), term()} | timeout.
ask_any(Requests, Timeout) ->
    Aliases = [post(Pid, Request) || {Pid, Request} <- Requests],
    Places = maps:from_list(lists:zip(Aliases, lists:seq(1, length(Aliases)))),
    Answer = wait_any(Places, until(Timeout)),
    lists:foreach(fun(A) ->
                          _ = erlang:demonitor(A, [flush]),
                          receive {[alias | A], _} -> ok after 0 -> ok end
                  end, Aliases),
    case Answer of
        timeout -> timeout;
        {Place, Reply} -> {ok, Place, result(Reply)}
    end.

%% As `gen_server:send_request/2` does, with a process that gen_server's functions take for a client.
post(Pid, Request) ->
    Alias = erlang:monitor(process, Pid, [{alias, reply_demonitor}]),
    Pid ! {'$gen_call', {self(), [alias | Alias]}, {mochi, Request}},
    Alias.

until(infinity) -> infinity;
until(Timeout) -> erlang:monotonic_time(millisecond) + Timeout.

left(infinity) -> infinity;
left(Until) -> max(0, Until - erlang:monotonic_time(millisecond)).

wait(Alias, Until) -> wait(Alias, Until, is_agent()).

wait(Alias, Until, Agent) ->
    receive
        {[alias | Alias], Reply} -> Reply;
        {'DOWN', Alias, process, _, Reason} -> {down, Reason};
        {'$gen_call', From, {mochi, Request}} ->
            gen_server:reply(From, run(Request)),
            wait(Alias, Until, Agent);
        {'EXIT', _, Reason} when Agent, Reason =/= normal ->
            exit({'$mochi_stop', Reason})
    after left(Until) -> timeout
    end.

wait_any(Places, Until) -> wait_any(Places, Until, is_agent()).

wait_any(Places, Until, Agent) ->
    receive
        {[alias | Alias], Reply} when is_map_key(Alias, Places) -> {maps:get(Alias, Places), Reply};
        {'DOWN', Alias, process, _, Reason} when is_map_key(Alias, Places) -> {maps:get(Alias, Places), {down, Reason}};
        {'$gen_call', From, {mochi, Request}} ->
            gen_server:reply(From, run(Request)),
            wait_any(Places, Until, Agent);
        {'EXIT', _, Reason} when Agent, Reason =/= normal ->
            exit({'$mochi_stop', Reason})
    after left(Until) -> timeout
    end.

%% A program's agent obeys who stops it also while it waits.
is_agent() -> erlang:get('$mochi_spec') =/= undefined.

-doc "Serves requests for so many milliseconds.".
-spec serve_for(non_neg_integer()) -> ok.
serve_for(Ms) -> serve_until(until(Ms)).

serve_until(Until) ->
    receive
        {'$gen_call', From, {mochi, Request}} ->
            gen_server:reply(From, run(Request)),
            serve_until(Until)
    after left(Until) -> ok
    end.

result({ok, V}) -> V;
result({raise, Class, Reason, Stack}) -> erlang:raise(Class, Reason, Stack ++ here());
result({down, Reason}) ->
    erlang:error({mochi, unicode:characters_to_binary([<<"agent stopped: ">>, why(Reason)])}).

why({{mochi, Message}, _}) when is_binary(Message) -> Message;
why(Reason) -> io_lib:format("~tw", [Reason]).

here() ->
    {current_stacktrace, Stack} = erlang:process_info(self(), current_stacktrace),
    Stack.

run(Request) ->
    try {ok, serve(Request)}
    catch
        exit:{'$mochi_stop', Reason} -> exit({'$mochi_stop', Reason});
        Class:Reason:Stack -> {raise, Class, Reason, Stack}
    end.

serve({call, Fun, Packed}) ->
    {Module, _, _, _, _} = erlang:get('$mochi_spec'),
    mochi_cell:pack(apply(Module, Fun, mochi_cell:unpack(Packed)));
serve({event, Stream, Packed}) ->
    {Module, _, _, Handlers, _} = erlang:get('$mochi_spec'),
    lists:foreach(fun({S, Fun}) when S =:= Stream -> apply(Module, Fun, [mochi_cell:unpack(Packed)]);
                     (_) -> ok
                  end, Handlers);
serve({init, Packed}) ->
    {Module, _, Init, _, _} = erlang:get('$mochi_spec'),
    apply(Module, Init, [mochi_cell:unpack(Packed)]),
    ok;
serve({state, Key}) -> mochi_cell:pack(erlang:get(Key));
serve({cell_get, Id}) -> mochi_cell:local_get(Id);
serve({cell_set, Id, V}) -> mochi_cell:local_set(Id, V);
serve({global, Key}) ->
    case erlang:get(Key) of
        undefined -> nil;
        V -> V
    end;
serve({set_global, Key, V}) -> erlang:put(Key, V), ok;
serve({agent, Pid}) -> erlang:put('$mochi_agents', [Pid | erlang:get('$mochi_agents')]), ok;
serve({subscribe, Stream, Pid}) -> mochi_stream:add_agent(Stream, Pid);
serve({on, Stream, Fun}) -> mochi_stream:add_handler(Stream, Fun);
serve({emit, Stream, Packed}) -> mochi_stream:deliver(Stream, Packed).

%%% gen_server

-doc "Starts an agent's process.".
-spec start_link(term()) -> gen_server:start_ret().
start_link(What) -> gen_server:start_link(?MODULE, What, []).

-doc false.
-spec init(term()) -> {ok, #state{}} | {stop, term()}.
init({program, {Module, Name, _, Handlers, _} = Spec, Root, Leader}) ->
    process_flag(trap_exit, true),
    group_leader(Leader, self()),
    erlang:put('$process_label', {mochi_agent, Name}),
    erlang:put('$mochi_root', Root),
    erlang:put('$mochi_spec', Spec),
    _ = erlang:monitor(process, Root),
    begun(#state{mind = {program, Root}, name = Name, module = Module, streams = lists:usort([S || {S, _} <- Handlers])});
init({module, Module, Name, Args, Streams, Leader, keeper}) ->
    %% The keeper is the parent; who calls finds the process by it.
    Keeper = parent(),
    true = ets:insert(mochi_agents, {Keeper, self()}),
    init({module, Module, Name, Args, Streams, Leader}, Keeper);
init({module, _, _, _, _, _} = What) ->
    init(What, undefined).

init({module, Module, Name, Args, Streams, Leader}, Keeper) ->
    process_flag(trap_exit, true),
    group_leader(Leader, self()),
    erlang:put('$process_label', {mochi_agent, Name}),
    try Module:construct(Args) of
        State -> begun(#state{mind = {module, Module, State}, name = Name, module = Module, streams = Streams, keeper = Keeper})
    catch
        Class:Reason:Stack ->
            forget(Keeper),
            {stop, case Class of error -> {Reason, Stack}; _ -> Reason end}
    end.

parent() ->
    case erlang:get('$ancestors') of
        [Parent | _] when is_pid(Parent) -> Parent;
        [Name | _] -> erlang:whereis(Name)
    end.

begun(#state{name = Name, module = Module} = S) ->
    mochi_telemetry:execute([mochi, agent, start], #{system_time => erlang:system_time()},
                            #{agent => Name, module => Module}),
    {ok, join(S#state{began = erlang:monotonic_time()})}.

join(#state{streams = []} = S) -> S;
join(#state{streams = Streams} = S) ->
    case mochi_stream:join(Streams) of
        {ok, Scope} -> S#state{scope = Scope};
        {error, noproc} ->
            _ = erlang:send_after(?RETRY, self(), '$mochi_join'),
            S#state{scope = undefined}
    end.

-doc false.
-spec handle_call(term(), gen_server:from(), #state{}) -> {reply, term(), #state{}} | {stop, term(), #state{}}.
handle_call({mochi, {call, Name, Packed}}, _From, #state{mind = {module, _, _}} = S) ->
    {Reply, S1} = intent(Name, Packed, S),
    {reply, {ok, mochi_cell:pack(Reply)}, S1};
handle_call({mochi, Request}, _From, S) ->
    try {reply, run(Request), S}
    catch exit:{'$mochi_stop', Reason} -> {stop, Reason, S}
    end;
handle_call(_, _From, S) -> {reply, {error, badarg}, S}.

%% An error ends the agent: whether it starts again is its keeper's affair.
intent(Name, Packed, #state{mind = {module, Module, State}} = S) ->
    {Reply, State1} = Module:intent(Name, mochi_cell:unpack(Packed), State),
    {Reply, S#state{mind = {module, Module, State1}}}.

-doc false.
-spec handle_cast(term(), #state{}) -> {noreply, #state{}} | {stop, term(), #state{}}.
handle_cast({mochi, {call, Name, Packed}}, #state{mind = {module, _, _}} = S) ->
    {_, S1} = intent(Name, Packed, S),
    {noreply, S1};
handle_cast({mochi, Request}, S) -> unasked(Request, S);
handle_cast(_, S) -> {noreply, S}.

%% Nobody waits for the answer, so an error is logged.
unasked(Request, #state{name = Name} = S) ->
    try run(Request) of
        {ok, _} -> {noreply, S};
        {raise, Class, Reason, Stack} ->
            mochi_log:error(<<"an agent could not do what it was told">>,
                            #{agent => Name, error => {Class, Reason}, stack => Stack}),
            {noreply, S}
    catch exit:{'$mochi_stop', Reason} -> {stop, Reason, S}
    end.

-doc false.
-spec handle_info(term(), #state{}) -> {noreply, #state{}} | {stop, term(), #state{}}.
handle_info({mochi_event, Stream, Event}, #state{mind = {module, Module, State}} = S) ->
    case erlang:function_exported(Module, event, 3) of
        true -> {noreply, S#state{mind = {module, Module, Module:event(Stream, mochi_cell:unpack(Event), State)}}};
        false -> {noreply, S}
    end;
handle_info({mochi_event, Stream, Event}, S) -> unasked({event, Stream, Event}, S);
handle_info({'DOWN', _, process, Root, _}, #state{mind = {program, Root}} = S) -> {stop, normal, S};
handle_info({'DOWN', Scope, process, _, _}, #state{scope = Scope} = S) -> {noreply, join(S)};
handle_info('$mochi_join', S) -> {noreply, join(S)};
handle_info({'EXIT', _, Reason}, S) when Reason =/= normal -> {stop, Reason, S};
handle_info(_, S) -> {noreply, S}.

-doc false.
-spec terminate(term(), #state{}) -> ok.
terminate(Reason, #state{name = Name, module = Module, began = Began, keeper = Keeper, streams = Streams} = S) ->
    forget(Keeper),
    lists:foreach(fun mochi_stream:leave/1, Streams),
    close(Reason, S),
    Kind = case Reason of
               normal -> stop;
               shutdown -> stop;
               {shutdown, _} -> stop;
               _ -> crash
           end,
    mochi_telemetry:execute([mochi, agent, Kind], #{duration => erlang:monotonic_time() - Began},
                            #{agent => Name, module => Module, reason => Reason}).

forget(undefined) -> ok;
forget(Keeper) ->
    _ = try ets:delete(mochi_agents, Keeper) catch error:badarg -> true end,
    ok.

close(Reason, #state{mind = {module, Module, State}} = S) ->
    closing(Module, on_close, [Reason, State], S);
close(_, #state{module = Module, name = Name} = S) ->
    case mochi_atoms:existing(<<Name/binary, ".on_close">>) of
        {ok, Fun} -> closing(Module, Fun, [], S);
        error -> ok
    end.

closing(Module, Fun, Args, #state{name = Name}) ->
    case erlang:function_exported(Module, Fun, length(Args)) of
        true ->
            try apply(Module, Fun, Args) of
                _ -> ok
            catch
                Class:Reason:Stack ->
                    mochi_log:error(<<"on_close failed">>, #{agent => Name, error => {Class, Reason}, stack => Stack})
            end;
        false -> ok
    end.

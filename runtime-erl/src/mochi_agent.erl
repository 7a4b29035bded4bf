-module(mochi_agent).
-moduledoc """
Agents: each is a gen_server process that owns its state (in its process dictionary, under the keys that the compiler chose).

Calls wait. While a process waits for another it serves requests that come back to it, so that a handler may emit, an intent may read the program's
globals, and two agents may call each other: `ask/2` is the only way in which Mochi processes talk, and its waiting loop handles the same requests as
`handle_call/3`. Arguments, events and results are copied (`mochi_cell:pack/1`); an error travels to the caller and on to the program.

An agent is `{'$agent', Pid, Name, Spec}` with `Spec = {Module, Name, Init, Handlers, StateKeys}`.
""".

-behaviour(gen_server).

-export([new/2, call/3, method/3, field/2, given/2, given_value/2]).
-export([init_root/0, root/0, ask/2, event/3, stop_all/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-type spec() :: {module(), binary(), atom(), [{atom(), atom()}], #{binary() => atom()}}.
-type agent() :: {'$agent', pid(), binary(), spec()}.

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

-doc "A new agent with these field values instead of its own initial ones; subscribed to the streams that it handles.".
-spec new(spec(), [{binary(), term()}]) -> agent().
new({_, Name, _, Handlers, _} = Spec, Given) ->
    {ok, Pid} = gen_server:start(?MODULE, {Spec, root()}, []),
    Agent = {'$agent', Pid, Name, Spec},
    ask(root(), {agent, Pid}),
    ask(Pid, {init, mochi_cell:pack(Given)}),
    lists:foreach(fun(Stream) -> ask(root(), {subscribe, Stream, Pid}) end,
                  lists:usort([S || {S, _} <- Handlers])),
    Agent.

-doc "Calls an intent.".
-spec call(term(), atom(), [term()]) -> term().
call({'$agent', Pid, _, _}, Fun, Args) -> mochi_cell:unpack(ask(Pid, {call, Fun, mochi_cell:pack(Args)}));
call({'$cell', _, _} = C, Fun, Args) -> call(mochi_cell:plain(C), Fun, Args);
call(nil, _, _) -> mochi_core:fail(<<"cannot call an intent of null">>);
call(_, _, _) -> mochi_core:fail(<<"not an agent">>).

-doc "Calls an intent by its name.".
-spec method(agent(), binary(), [term()]) -> term().
method({'$agent', _, Name, {Module, _, _, _, _}} = Agent, Intent, Args) ->
    Fun = try binary_to_existing_atom(<<Name/binary, $., Intent/binary>>) catch error:badarg -> undefined end,
    case erlang:function_exported(Module, Fun, length(Args)) of
        true -> call(Agent, Fun, Args);
        false -> mochi_core:fail([<<"no intent ">>, Intent, <<" on ">>, Name])
    end.

-doc "A state variable, from outside.".
-spec field(term(), binary()) -> term().
field({'$agent', Pid, _, {_, _, _, _, Keys}}, Name) ->
    case Keys of
        #{Name := Key} -> mochi_cell:unpack(ask(Pid, {state, Key}));
        #{} -> nil
    end;
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
    ask(Pid, {event, Stream, Packed}),
    ok.

-doc "Stops all agents of the program.".
-spec stop_all() -> ok.
stop_all() ->
    lists:foreach(fun(Pid) ->
                          Ref = erlang:monitor(process, Pid),
                          exit(Pid, shutdown),
                          receive {'DOWN', Ref, process, Pid, _} -> ok after 5000 -> ok end
                  end, erlang:get('$mochi_agents')).

%%% Requests

-doc "Has another process (or this one) do a request, and serves what comes back meanwhile.".
-spec ask(pid(), term()) -> term().
ask(Pid, Request) when Pid =:= self() ->
    serve(Request);
ask(Pid, Request) ->
    wait(gen_server:send_request(Pid, {mochi, Request})).

wait(Id) ->
    receive
        {'$gen_call', From, {mochi, Request}} ->
            gen_server:reply(From, run(Request)),
            wait(Id);
        Message ->
            case gen_server:check_response(Message, Id) of
                {reply, {ok, V}} -> V;
                {reply, {raise, Class, Reason, Stack}} -> erlang:raise(Class, Reason, Stack ++ here());
                {error, {Reason, _}} -> erlang:error({mochi, iolist_to_binary(io_lib:format("agent stopped: ~p", [Reason]))});
                no_reply -> wait(Id)
            end
    end.

here() ->
    {current_stacktrace, Stack} = erlang:process_info(self(), current_stacktrace),
    Stack.

run(Request) ->
    try {ok, serve(Request)}
    catch Class:Reason:Stack -> {raise, Class, Reason, Stack}
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
serve({subscribe, Stream, Pid}) -> mochi_stream:subscribe(Stream, Pid);
serve({on, Stream, Fun}) -> mochi_stream:add_handler(Stream, Fun);
serve({emit, Stream, Packed}) -> mochi_stream:deliver(Stream, Packed).

%%% gen_server

-doc false.
-spec init({spec(), pid()}) -> {ok, pid()}.
init({{_, Name, _, _, _} = Spec, Root}) ->
    erlang:put('$process_label', {mochi_agent, Name}),
    erlang:put('$mochi_root', Root),
    erlang:put('$mochi_spec', Spec),
    erlang:monitor(process, Root),
    {ok, Root}.

-doc false.
-spec handle_call(term(), gen_server:from(), pid()) -> {reply, term(), pid()}.
handle_call({mochi, Request}, _From, Root) -> {reply, run(Request), Root}.

-doc false.
-spec handle_cast(term(), pid()) -> {noreply, pid()}.
handle_cast(_, Root) -> {noreply, Root}.

-doc false.
-spec handle_info(term(), pid()) -> {noreply, pid()} | {stop, normal, pid()}.
handle_info({'DOWN', _, process, Root, _}, Root) -> {stop, normal, Root};
handle_info(_, Root) -> {noreply, Root}.

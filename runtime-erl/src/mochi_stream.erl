-module(mochi_stream).
-moduledoc """
Streams: hubs that anybody may publish to and subscribe to.

A stream is a group of `m:pg` in the scope `mochi`, named by an atom or a text; groups of connected nodes are one. Members get `{mochi_event, Stream, Event}`. A stream with a
recorder (`record/2`) keeps its last events, has one order for all its local subscribers, and can be subscribed to from the beginning: first the history, then what follows, none missing,
none twice.

Within a program `emit` does more than publish: it waits. The process that runs the program keeps a list of its own handlers, and `emit/2` returns when all have run: top-level
handlers in the order of their registration, then the program's agents in the order of their instantiation. A handler that emits is served at once, inside. Members of
the group that are not the program's get the event after that.
""".

-export([on/2, emit/2, add_agent/2, add_handler/2, deliver/2]).
-export([publish/2, subscribe/2, subscribe/3, unsubscribe/1, record/2, stop_recording/1, history/1]).
-export([join/1, leave/1, members/1, scope/0, send/3, recorder/1]).
-export_type([name/0, subscription/0]).

-type name() :: atom() | binary().
-opaque subscription() :: {'$subscription', name(), pid()}.

%%% Within a program

-doc "Registers a top-level handler.".
-spec on(atom(), fun((term()) -> term())) -> nil.
on(Stream, Fun) ->
    mochi_agent:ask(mochi_agent:root(), {on, Stream, Fun}),
    nil.

-doc "Sends an event to all who handle the stream, and waits for those of this program.".
-spec emit(atom(), term()) -> nil.
emit(Stream, Event) ->
    mochi_agent:ask(mochi_agent:root(), {emit, Stream, mochi_cell:pack(Event)}),
    nil.

-doc "In the program's process: one more handler.".
-spec add_handler(atom(), fun((term()) -> term())) -> ok.
add_handler(Stream, Fun) -> add({'$on', Stream}, Fun).

-doc "In the program's process: one more agent.".
-spec add_agent(atom(), pid()) -> ok.
add_agent(Stream, Pid) -> add({'$agents_on', Stream}, Pid).

-doc "In the program's process: runs all handlers, then tells the rest of the group.".
-spec deliver(atom(), term()) -> ok.
deliver(Stream, Packed) ->
    Handlers = lists:reverse(list({'$on', Stream})),
    Agents = lists:reverse(list({'$agents_on', Stream})),
    lists:foreach(fun(F) -> F(mochi_cell:unpack(Packed)) end, Handlers),
    lists:foreach(fun(Pid) -> mochi_agent:event(Pid, Stream, Packed) end, Agents),
    Others = hand_out(Stream, Packed, Agents),
    mochi_telemetry:execute([mochi, stream, publish], #{subscribers => length(Handlers) + length(Agents) + Others},
                            #{stream => Stream}).

add(Key, X) ->
    erlang:put(Key, [X | list(Key)]),
    ok.

list(Key) ->
    case erlang:get(Key) of
        undefined -> [];
        L -> L
    end.

%%% Between processes

-doc "Sends an event to all members of the group, without waiting for them. Returns to how many.".
-spec publish(name(), term()) -> non_neg_integer().
publish(Stream, Event) ->
    N = hand_out(Stream, mochi_cell:pack(Event), []),
    mochi_telemetry:execute([mochi, stream, publish], #{subscribers => N}, #{stream => Stream}),
    N.

%% A recorder puts the events of all publishers into one order.
hand_out(Stream, Packed, Except) ->
    case recorder(Stream) of
        undefined -> send(Stream, Packed, Except);
        Pid ->
            try gen_server:call(Pid, {publish, Packed, Except}, infinity)
            catch exit:_ -> send(Stream, Packed, Except)
            end
    end.

-doc "Sends to the members but these, and says to how many.".
-spec send(name(), term(), [pid()]) -> non_neg_integer().
send(Stream, Packed, Except) ->
    case members(Stream) of
        [] -> 0;
        Members ->
            Event = mochi_str:own(Packed),
            Pids = [P || P <- Members, not lists:member(P, Except)],
            lists:foreach(fun(P) -> P ! {mochi_event, Stream, Event} end, Pids),
            length(Pids)
    end.

-doc "Runs a function for each event from now on, in a process of its own.".
-spec subscribe(name(), fun((term()) -> term())) -> subscription().
subscribe(Stream, F) -> subscribe(Stream, F, #{}).

-doc """
The same with options: `from => beginning` first gives what the recorder remembers. The subscription ends with `unsubscribe/1` or with the process that
asked for it. A function that fails is logged and is given the next event.
""".
-spec subscribe(name(), fun((term()) -> term()), #{from => now | beginning}) -> subscription().
subscribe(Stream, F, Options) when is_function(F, 1) ->
    ok = mochi_app:ensure(),
    From = maps:get(from, Options, now),
    case From =:= beginning andalso recorder(Stream) =:= undefined of
        true -> mochi_core:fail([<<"the stream ">>, name(Stream), <<" has no recorder: it can't be read from the beginning">>]);
        false -> ok
    end,
    {ok, Pid} = mochi_stream_sup:subscriber(#{stream => Stream, function => F, from => From, owner => self(),
                                              root => mochi_agent:root(), leader => group_leader()}),
    mochi_telemetry:execute([mochi, stream, subscribe], #{system_time => erlang:system_time()},
                            #{stream => Stream, from => From}),
    {'$subscription', Stream, Pid}.

name(S) when is_atom(S) -> atom_to_binary(S);
name(S) -> S.

-doc "Ends a subscription; its function isn't running any more when this returns.".
-spec unsubscribe(subscription()) -> ok.
unsubscribe({'$subscription', _, Pid}) -> mochi_stream_subscriber:stop(Pid).

-doc "Starts a recorder that remembers the last events of a stream.".
-spec record(name(), pos_integer()) -> ok.
record(Stream, Size) when is_integer(Size), Size > 0 ->
    ok = mochi_app:ensure(),
    mochi_stream_sup:recorder(Stream, Size).

-doc "Stops the recorder and forgets the history.".
-spec stop_recording(name()) -> ok.
stop_recording(Stream) ->
    ok = mochi_app:ensure(),
    mochi_stream_sup:stop_recorder(Stream).

-doc "What the recorder remembers, oldest first.".
-spec history(name()) -> [term()].
history(Stream) ->
    case recorder(Stream) of
        undefined -> [];
        Pid -> [mochi_cell:unpack(E) || E <- gen_server:call(Pid, history, infinity)]
    end.

-doc "The recorder of a stream.".
-spec recorder(name()) -> pid() | undefined.
recorder(Stream) ->
    try ets:lookup(mochi_recorders, Stream) of
        [{_, Pid}] -> Pid;
        [] -> undefined
    catch error:badarg -> undefined
    end.

-doc "This process becomes a member of these groups. Gives a monitor of the scope: when that ends, join again.".
-spec join([name()]) -> {ok, reference()} | {error, noproc}.
join(Streams) ->
    case erlang:whereis(scope()) of
        undefined -> {error, noproc};
        Scope ->
            Monitor = erlang:monitor(process, Scope),
            try lists:foreach(fun(S) -> ok = pg:join(scope(), S, self()) end, Streams) of
                ok -> {ok, Monitor}
            catch
                exit:_ ->
                    erlang:demonitor(Monitor, [flush]),
                    {error, noproc}
            end
    end.

-doc "This process leaves a group; when this returns nobody finds it there.".
-spec leave(name()) -> ok | not_joined.
leave(Stream) ->
    try pg:leave(scope(), Stream, self())
    catch exit:_ -> not_joined
    end.

-doc "The members of a group, on all nodes.".
-spec members(name()) -> [pid()].
members(Stream) -> pg:get_members(scope(), Stream).

-doc "The scope of all groups.".
-spec scope() -> mochi.
scope() -> mochi.

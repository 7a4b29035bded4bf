-module(mochi_stream_recorder).
-moduledoc """
The recorder of a stream: a ring of its last events, and the one place through which all its local events go, so that history and live events join without a gap.

The ring is rows `{{Stream, Number}, Event}` of the table `mochi_history`, so a recorder that is started again after a crash continues the numbers.
""".

-behaviour(gen_server).

-export([start_link/2, resize/2, forget/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

-record(state, {stream, size, last = 0}).

-doc "Starts the recorder of a stream that remembers so many events.".
-spec start_link(mochi_stream:name(), pos_integer()) -> gen_server:start_ret().
start_link(Stream, Size) -> gen_server:start_link(?MODULE, {Stream, Size}, []).

-doc "Changes how many events are remembered.".
-spec resize(pid(), pos_integer()) -> ok.
resize(Pid, Size) -> gen_server:call(Pid, {resize, Size}, infinity).

-doc "Drops the history of a stream without a recorder.".
-spec forget(mochi_stream:name()) -> ok.
forget(Stream) ->
    true = ets:match_delete(mochi_history, {{Stream, '_'}, '_'}),
    ok.

-doc false.
-spec init({mochi_stream:name(), pos_integer()}) -> {ok, #state{}}.
init({Stream, Size}) ->
    process_flag(trap_exit, true),
    erlang:put('$process_label', {mochi_stream, Stream}),
    Last = case ets:prev(mochi_history, {Stream, infinity}) of
               {Stream, N} -> N;
               _ -> 0
           end,
    true = ets:insert(mochi_recorders, {Stream, self()}),
    {ok, #state{stream = Stream, size = Size, last = Last}}.

-doc false.
-spec handle_call(term(), gen_server:from(), #state{}) -> {reply, term(), #state{}}.
handle_call({publish, Packed, Except}, _From, #state{stream = Stream, size = Size, last = Last} = S) ->
    Event = mochi_str:own(Packed),
    true = ets:insert(mochi_history, {{Stream, Last + 1}, Event}),
    true = ets:delete(mochi_history, {Stream, Last + 1 - Size}),
    {reply, mochi_stream:send(Stream, Event, Except), S#state{last = Last + 1}};
handle_call({subscribe, Pid}, _From, #state{stream = Stream} = S) ->
    %% Events come through this process alone, so none can come between the joining and the history.
    Reply = try pg:join(mochi_stream:scope(), Stream, Pid) of
                ok -> lists:foreach(fun(E) -> Pid ! {mochi_event, Stream, E} end, events(S))
            catch exit:_ -> {error, noproc}
            end,
    {reply, Reply, S};
handle_call(history, _From, S) -> {reply, events(S), S};
handle_call({resize, Size}, _From, #state{stream = Stream, last = Last} = S) ->
    _ = ets:select_delete(mochi_history, [{{{Stream, '$1'}, '_'}, [{'=<', '$1', Last - Size}], [true]}]),
    {reply, ok, S#state{size = Size}};
handle_call(_, _From, S) -> {reply, {error, badarg}, S}.

events(#state{stream = Stream}) -> ets:select(mochi_history, [{{{Stream, '_'}, '$1'}, [], ['$1']}]).

-doc false.
-spec handle_cast(term(), #state{}) -> {noreply, #state{}}.
handle_cast(_, S) -> {noreply, S}.

-doc false.
-spec handle_info(term(), #state{}) -> {noreply, #state{}}.
handle_info(_, S) -> {noreply, S}.

-doc false.
-spec terminate(term(), #state{}) -> ok.
terminate(_, #state{stream = Stream}) ->
    true = ets:delete_object(mochi_recorders, {Stream, self()}),
    ok.

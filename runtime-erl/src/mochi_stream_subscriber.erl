-module(mochi_stream_subscriber).
-moduledoc """
The process of a subscription: a state machine that joins the stream's group and runs the function for each event.

`waiting`: the scope of the groups is not there (it has crashed and is being started again); tries again in a moment. `joined`: a member.
""".

-behaviour(gen_statem).

-export([start_link/1, stop/1]).
-export([init/1, callback_mode/0, waiting/3, joined/3, terminate/3]).

-define(RETRY, 20).

-doc "Starts a subscriber and waits until it is a member.".
-spec start_link(map()) -> gen_statem:start_ret().
start_link(Args) -> gen_statem:start_link(?MODULE, Args, []).

-doc "Ends it, after the function has returned.".
-spec stop(pid()) -> ok.
stop(Pid) ->
    try gen_statem:stop(Pid)
    catch exit:noproc -> ok; exit:normal -> ok; exit:{noproc, _} -> ok
    end.

-doc false.
-spec callback_mode() -> gen_statem:callback_mode_result().
callback_mode() -> state_functions.

-doc false.
-spec init(map()) -> gen_statem:init_result(waiting | joined).
init(#{stream := Stream, owner := Owner, root := Root, leader := Leader} = Args) ->
    group_leader(Leader, self()),
    erlang:put('$process_label', {mochi_subscriber, Stream}),
    erlang:put('$mochi_root', Root),
    _ = erlang:monitor(process, Owner),
    join(Args).

join(#{stream := Stream, from := From} = Args) ->
    case enter(From, Stream) of
        %% What was remembered has been given; another join must not give it again.
        {ok, Monitor} -> {ok, joined, Args#{from := now, scope => Monitor}};
        {error, noproc} -> {ok, waiting, Args, [{state_timeout, ?RETRY, again}]}
    end.

enter(beginning, Stream) ->
    case {erlang:whereis(mochi_stream:scope()), mochi_stream:recorder(Stream)} of
        {Scope, Recorder} when is_pid(Scope), is_pid(Recorder) ->
            Monitor = erlang:monitor(process, Scope),
            try gen_server:call(Recorder, {subscribe, self()}, infinity) of
                ok -> {ok, Monitor};
                Error -> erlang:demonitor(Monitor, [flush]), Error
            catch exit:_ -> erlang:demonitor(Monitor, [flush]), {error, noproc}
            end;
        _ -> {error, noproc}
    end;
enter(now, Stream) -> mochi_stream:join([Stream]).

-doc false.
-spec waiting(gen_statem:event_type(), term(), map()) -> gen_statem:event_handler_result(waiting | joined).
waiting(state_timeout, again, Args) ->
    case join(Args) of
        {ok, joined, Args1} -> {next_state, joined, Args1};
        {ok, waiting, Args1, Again} -> {keep_state, Args1, Again}
    end;
waiting(Type, Event, Args) -> both(Type, Event, Args).

-doc false.
-spec joined(gen_statem:event_type(), term(), map()) -> gen_statem:event_handler_result(waiting | joined).
joined(info, {'DOWN', Monitor, process, _, _}, #{scope := Monitor} = Args) ->
    {next_state, waiting, Args, [{state_timeout, ?RETRY, again}]};
joined(Type, Event, Args) -> both(Type, Event, Args).

both(info, {mochi_event, Stream, Event}, #{stream := Stream, function := F}) ->
    try F(mochi_cell:unpack(Event)) of
        _ -> ok
    catch
        Class:Reason:Stack ->
            mochi_log:error(<<"a subscriber failed">>, #{stream => Stream, error => {Class, Reason}, stack => Stack})
    end,
    keep_state_and_data;
both(info, {'DOWN', _, process, Owner, _}, #{owner := Owner}) -> {stop, normal};
both(_, _, _) -> keep_state_and_data.

-doc false.
-spec terminate(term(), waiting | joined, map()) -> ok | not_joined.
terminate(_, joined, #{stream := Stream}) -> mochi_stream:leave(Stream);
terminate(_, waiting, _) -> ok.

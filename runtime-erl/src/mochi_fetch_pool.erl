-module(mochi_fetch_pool).
-moduledoc """
The requests to one origin: so many at a time, the others in a queue that has a limit, too.

Each request runs in a process of its own. It ends when its time is over (waiting in the queue counts), and when the process that asked for it ends.
""".

-behaviour(gen_server).

-export([start_link/1, request/4, is_idle/1, retire/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).
-export([work/6]).

-define(AT_A_TIME, 8).
-define(WAITING, 1000).

-record(job, {from, client, timer, request, sink, acc}).
-record(state, {origin, transport, connection = none, running = #{}, waiting = queue:new(), retired = false}).

-doc "Starts the pool of an origin.".
-spec start_link(mochi_transport:origin()) -> gen_server:start_ret().
start_link(Origin) -> gen_server:start_link(?MODULE, Origin, []).

-doc "Does a request; the caller serves what comes back meanwhile.".
-spec request(pid(), mochi_transport:request(), mochi_transport:sink(), term()) ->
          {ok, term()} | {error, mochi_transport:reason()}.
request(Pool, Request, Sink, Acc) ->
    try mochi_agent:ask(Pool, {request, Request, Sink, Acc})
    catch error:{mochi, <<"agent stopped: ", Why/binary>>} -> {error, {pool, Why}}
    end.

-doc "Has it nothing to do?".
-spec is_idle(pid()) -> boolean().
is_idle(Pool) ->
    try gen_server:call(Pool, is_idle)
    catch exit:_ -> true
    end.

-doc "If it has nothing to do it takes nothing more on: who comes then is told `retired` and finds another.".
-spec retire(pid()) -> boolean().
retire(Pool) ->
    try gen_server:call(Pool, retire)
    catch exit:_ -> false
    end.

-doc false.
-spec init(mochi_transport:origin()) -> {ok, #state{}}.
init(Origin) ->
    process_flag(trap_exit, true),
    erlang:put('$process_label', {mochi_fetch, Origin}),
    true = ets:insert(mochi_origins, {Origin, self()}),
    {ok, #state{origin = Origin, transport = mochi_transport:choose()}}.

-doc false.
-spec handle_call(term(), gen_server:from(), #state{}) -> {reply, term(), #state{}} | {noreply, #state{}}.
handle_call({mochi, {request, _, _, _}}, _From, #state{retired = true} = S) -> {reply, {ok, {error, retired}}, S};
handle_call({mochi, {request, _, _, _}}, _From, #state{transport = none} = S) -> {reply, {ok, {error, refused}}, S};
handle_call({mochi, {request, #{timeout := Timeout} = Request, Sink, Acc}}, {Pid, _} = From, #state{waiting = Q} = S) ->
    case queue:len(Q) >= ?WAITING of
        true -> {reply, {ok, {error, overloaded}}, S};
        false ->
            Client = erlang:monitor(process, Pid),
            Timer = erlang:start_timer(Timeout, self(), Client),
            Job = #job{from = From, client = Client, timer = Timer, request = Request, sink = Sink, acc = Acc},
            {noreply, next(S#state{waiting = queue:in(Job, Q)})}
    end;
handle_call(is_idle, _From, S) -> {reply, idle(S), S};
handle_call(retire, _From, #state{origin = Origin} = S) ->
    Idle = idle(S),
    Idle andalso ets:delete_object(mochi_origins, {Origin, self()}),
    {reply, Idle, S#state{retired = Idle}};
handle_call(_, _From, S) -> {reply, {error, badarg}, S}.

idle(#state{running = R, waiting = Q}) -> map_size(R) =:= 0 andalso queue:is_empty(Q).

next(#state{running = Running, waiting = Q} = S) ->
    case map_size(Running) < mochi_app:env(fetch_at_a_time, ?AT_A_TIME) andalso queue:out(Q) of
        {{value, #job{request = Request, sink = Sink, acc = Acc} = Job}, Rest} ->
            case connected(S#state{waiting = Rest}) of
                {ok, #state{transport = {ok, Transport}, connection = Connection} = S1} ->
                    Worker = proc_lib:spawn_link(?MODULE, work, [self(), Transport, Connection, Request, Sink, Acc]),
                    next(S1#state{running = Running#{Worker => Job}});
                {Error, S1} ->
                    reply(Job, {ok, Error}),
                    next(S1)
            end;
        _ -> S
    end.

%% A connection that is a process and has ended is opened again.
connected(#state{connection = C} = S) when C =/= none, not is_pid(C) -> {ok, S};
connected(#state{connection = C, origin = Origin, transport = {ok, Transport}} = S) ->
    case is_pid(C) andalso is_process_alive(C) of
        true -> {ok, S};
        false ->
            case Transport:open(Origin) of
                {ok, New} -> {ok, S#state{connection = New}};
                {error, _} = Error -> {Error, S#state{connection = none}}
            end
    end.

-doc "Does one request and tells the pool.".
-spec work(pid(), module(), term(), mochi_transport:request(), mochi_transport:sink(), term()) -> ok.
work(Pool, Transport, Connection, Request, Sink, Acc) ->
    Reply = try {ok, Transport:request(Connection, Request, Sink, Acc)}
            catch Class:Reason:Stack -> {raise, Class, Reason, Stack}
            end,
    Pool ! {done, self(), Reply},
    ok.

reply(#job{from = From, client = Client, timer = Timer}, Reply) ->
    _ = erlang:cancel_timer(Timer),
    _ = erlang:demonitor(Client, [flush]),
    gen_server:reply(From, Reply).

-doc false.
-spec handle_cast(term(), #state{}) -> {noreply, #state{}}.
handle_cast(_, S) -> {noreply, S}.

-doc false.
-spec handle_info(term(), #state{}) -> {noreply, #state{}}.
handle_info({done, Worker, Reply}, S) -> {noreply, finished(Worker, Reply, S)};
handle_info({'EXIT', Worker, Reason}, #state{running = Running} = S) when is_map_key(Worker, Running) ->
    {noreply, finished(Worker, {ok, {error, Reason}}, S)};
handle_info({timeout, _, Client}, S) -> {noreply, ended(Client, {ok, {error, timeout}}, S)};
handle_info({'DOWN', Client, process, _, _}, S) -> {noreply, ended(Client, none, S)};
handle_info(_, S) -> {noreply, S}.

finished(Worker, Reply, #state{running = Running} = S) ->
    case maps:take(Worker, Running) of
        {Job, Rest} ->
            reply(Job, Reply),
            next(S#state{running = Rest});
        error -> S
    end.

%% Out of time, or nobody waits any more.
ended(Client, Reply, #state{running = Running, waiting = Q} = S) ->
    case [{W, J} || W := #job{client = C} = J <- Running, C =:= Client] of
        [{Worker, Job}] ->
            exit(Worker, kill),
            last(Job, Reply),
            next(S#state{running = maps:remove(Worker, Running)});
        [] ->
            {Mine, Others} = lists:partition(fun(#job{client = C}) -> C =:= Client end, queue:to_list(Q)),
            lists:foreach(fun(Job) -> last(Job, Reply) end, Mine),
            S#state{waiting = queue:from_list(Others)}
    end.

last(#job{timer = Timer}, none) -> _ = erlang:cancel_timer(Timer), ok;
last(Job, Reply) -> reply(Job, Reply).

-doc false.
-spec terminate(term(), #state{}) -> ok.
terminate(_, #state{origin = Origin, transport = Transport, connection = Connection}) ->
    true = ets:delete_object(mochi_origins, {Origin, self()}),
    case {Transport, Connection} of
        {_, none} -> ok;
        {{ok, Module}, _} -> Module:close(Connection)
    end.

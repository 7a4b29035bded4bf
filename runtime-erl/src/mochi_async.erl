-module(mochi_async).
-moduledoc """
Futures: functions that run in processes of their own while the caller goes on.

`async/1` gives a future; `await/1` waits for its result, raises its error, and serves requests that come back meanwhile, as every wait of a Mochi process does. A future is awaited
once, by one process or several at the same time; what it computed is then forgotten. It ends, wherever it is in its work, when it is cancelled, when its time is over, and when
the process that made it ends. So no future outlives its use.

A future is `{'$future', Pid}`: a gen_server that watches over the process that computes.
""".

-behaviour(gen_server).

-export([async/1, async/2, await/1, await/2, try_await/2, await_all/1, await_all/2, await_any/1, await_any/2]).
-export([cancel/1, is_done/1, map/2, map/3]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).
-export([work/4]).
-export_type([future/0]).

-opaque future() :: {'$future', pid()}.

-record(state, {worker, owner, outcome = none, waiting = []}).

-doc "Starts a function of no argument.".
-spec async(fun(() -> term())) -> future().
async(F) -> async(F, #{}).

-doc "The same; with `timeout` the work is ended after so many milliseconds, and awaiting it is a runtime error.".
-spec async(fun(() -> term()), #{timeout => non_neg_integer()}) -> future().
async(F, Options) when is_function(F, 0) ->
    {ok, Pid} = gen_server:start(?MODULE, {F, self(), mochi_agent:root(), maps:get(timeout, Options, infinity)}, []),
    {'$future', Pid};
async(_, _) -> mochi_core:fail(<<"async expects a function without parameters">>).

-doc "Waits for the result.".
-spec await(future()) -> term().
await(Future) -> await(Future, infinity).

-doc "Waits for so many milliseconds at most; then it is a runtime error, and the future goes on.".
-spec await(future(), timeout()) -> term().
await(Future, Timeout) ->
    case try_await(Future, Timeout) of
        {ok, V} -> V;
        timeout -> mochi_core:fail(<<"the future was not done in time">>)
    end.

-doc "The same without an error: the result, or `timeout`.".
-spec try_await(future(), timeout()) -> {ok, term()} | timeout.
try_await({'$future', Pid}, Timeout) ->
    try mochi_agent:ask(Pid, await, Timeout) of
        {ok, V} ->
            taken(Pid),
            {ok, mochi_cell:unpack(V)};
        timeout -> timeout
    catch
        error:{mochi, <<"agent stopped: noproc">>} -> gone();
        error:{mochi, <<"agent stopped: normal">>} -> gone();
        Class:Reason:Stack ->
            taken(Pid),
            erlang:raise(Class, Reason, Stack)
    end;
try_await(_, _) -> mochi_core:fail(<<"await expects a future">>).

%% Whoever stopped waiting too early has not taken what came just then, so the future keeps it until somebody says this.
taken(Pid) -> gen_server:cast(Pid, taken).

-spec gone() -> no_return().
gone() -> mochi_core:fail(<<"the future has been awaited or cancelled">>).

-doc "The results of all, in their order. The first error that is met cancels the rest.".
-spec await_all([future()]) -> [term()].
await_all(Futures) -> await_all(Futures, infinity).

-doc "The same for so many milliseconds at most; when they are over, all are cancelled.".
-spec await_all([future()], timeout()) -> [term()].
await_all(Futures, Timeout) ->
    Until = until(Timeout),
    try [await(F, left(Until)) || F <- Futures]
    catch Class:Reason:Stack ->
            lists:foreach(fun cancel/1, Futures),
            erlang:raise(Class, Reason, Stack)
    end.

-doc "The result of the one that is done first; the rest are cancelled.".
-spec await_any([future(), ...]) -> term().
await_any(Futures) -> await_any(Futures, infinity).

-doc "The same for so many milliseconds at most.".
-spec await_any([future(), ...], timeout()) -> term().
await_any([_ | _] = Futures, Timeout) ->
    try mochi_agent:ask_any([{Pid, await} || {'$future', Pid} <- Futures], Timeout) of
        {ok, _, V} -> mochi_cell:unpack(V);
        timeout -> mochi_core:fail(<<"no future was done in time">>)
    after lists:foreach(fun cancel/1, Futures)
    end;
await_any([], _) -> mochi_core:fail(<<"no future to wait for">>).

until(infinity) -> infinity;
until(Ms) -> erlang:monotonic_time(millisecond) + Ms.

left(infinity) -> infinity;
left(Until) -> max(0, Until - erlang:monotonic_time(millisecond)).

-doc "Ends a future: its work is stopped, who awaits it gets a runtime error. Nothing happens when it is gone.".
-spec cancel(future()) -> nil.
cancel({'$future', Pid}) ->
    _ = try gen_server:call(Pid, cancel, infinity) catch exit:_ -> ok end,
    nil.

-doc "Is there a result, or an error, to be awaited?".
-spec is_done(future()) -> boolean().
is_done({'$future', Pid}) ->
    try gen_server:call(Pid, is_done, infinity)
    catch exit:_ -> gone()
    end.

-doc "The function of each element, all at once.".
-spec map(fun((term()) -> term()), [term()]) -> [term()].
map(F, Elements) -> map(F, Elements, length(Elements)).

-doc "The same, with at most so many at a time.".
-spec map(fun((term()) -> term()), [term()], non_neg_integer()) -> [term()].
map(_, [], _) -> [];
map(F, Elements, Most) when is_integer(Most), Most > 0 ->
    {First, Rest} = lists:split(min(Most, length(Elements)), Elements),
    Start = fun(E) -> async(fun() -> F(E) end) end,
    rolling([Start(E) || E <- First], Rest, Start, []);
map(_, _, _) -> mochi_core:fail(<<"map expects a positive number of processes">>).

rolling([], [], _, Done) -> lists:reverse(Done);
rolling([Future | Running], Rest, Start, Done) ->
    V = try await(Future)
        catch Class:Reason:Stack ->
                lists:foreach(fun cancel/1, Running),
                erlang:raise(Class, Reason, Stack)
        end,
    case Rest of
        [] -> rolling(Running, [], Start, [V | Done]);
        [E | Es] -> rolling(Running ++ [Start(E)], Es, Start, [V | Done])
    end.

%%% The process of a future

-doc false.
-spec init({fun(() -> term()), pid(), pid(), timeout()}) -> {ok, #state{}}.
init({F, Owner, Root, Timeout}) ->
    process_flag(trap_exit, true),
    _ = erlang:monitor(process, Owner),
    Worker = proc_lib:spawn_link(?MODULE, work, [self(), F, Root, Owner]),
    case Timeout of
        infinity -> ok;
        _ -> _ = erlang:send_after(Timeout, self(), overdue), ok
    end,
    {ok, #state{worker = Worker, owner = Owner}}.

-doc "Computes; the result is told to the future.".
-spec work(pid(), fun(() -> term()), pid(), pid()) -> ok.
work(Future, F, Root, Owner) ->
    erlang:put('$process_label', {mochi_future, Owner}),
    erlang:put('$mochi_root', Root),
    Outcome = try {ok, mochi_cell:pack(F())}
              catch Class:Reason:Stack -> {raise, Class, Reason, Stack}
              end,
    Future ! {outcome, self(), Outcome},
    ok.

-doc false.
-spec handle_call(term(), gen_server:from(), #state{}) ->
          {reply, term(), #state{}} | {noreply, #state{}} | {stop, normal, term(), #state{}}.
handle_call({mochi, await}, From, #state{outcome = none, waiting = W} = S) -> {noreply, S#state{waiting = [From | W]}};
handle_call({mochi, await}, _From, #state{outcome = Outcome} = S) -> {reply, Outcome, S};
handle_call(is_done, _From, #state{outcome = Outcome} = S) -> {reply, Outcome =/= none, S};
handle_call(cancel, _From, S) -> {stop, normal, ok, told(fail(<<"the future was cancelled">>), S)};
handle_call(_, _From, S) -> {reply, {error, badarg}, S}.

-doc false.
-spec handle_cast(term(), #state{}) -> {noreply, #state{}} | {stop, normal, #state{}}.
handle_cast(taken, S) -> {stop, normal, S};
handle_cast(_, S) -> {noreply, S}.

-doc false.
-spec handle_info(term(), #state{}) -> {noreply, #state{}} | {stop, normal, #state{}}.
handle_info({outcome, Worker, Outcome}, #state{worker = Worker} = S) -> done(Outcome, S);
handle_info({'EXIT', Worker, Reason}, #state{worker = Worker, outcome = none} = S) when Reason =/= normal ->
    done(fail(unicode:characters_to_binary(io_lib:format("the future's process was stopped: ~tw", [Reason]))), S);
handle_info(overdue, #state{outcome = none} = S) ->
    kill(S),
    done(fail(<<"the future was not done in its time">>), S);
handle_info({'DOWN', _, process, Owner, _}, #state{owner = Owner} = S) -> {stop, normal, S};
handle_info(_, S) -> {noreply, S}.

fail(Message) -> {raise, error, {mochi, Message}, []}.

done(Outcome, S) -> {noreply, told(Outcome, S#state{outcome = Outcome})}.

told(Outcome, #state{waiting = W} = S) ->
    lists:foreach(fun(From) -> gen_server:reply(From, Outcome) end, W),
    S#state{waiting = []}.

-doc false.
-spec terminate(term(), #state{}) -> ok.
terminate(_, S) -> kill(S).

kill(#state{worker = Worker}) ->
    erlang:unlink(Worker),
    exit(Worker, kill),
    ok.

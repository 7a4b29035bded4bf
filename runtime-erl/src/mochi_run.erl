-module(mochi_run).
-moduledoc """
`run`: other programs, as ports. Never through a shell: the program is a file, arguments are passed as they are.

The configuration `run` says who may: `none` refuses, `all` allows, a list names the files. A host that starts no programs (a sandbox) refuses with the same error. What a program writes
is collected up to `max_output` bytes (1 MB); it is ended when it writes more and when its time (30 s) is over.
""".

-behaviour(gen_server).

-export([run/2, run/3]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

-record(state, {port, from = none, limit, size = 0, output = [], outcome = none, timer}).

-doc "Runs a program to its end.".
-spec run(binary(), [binary()]) -> #{binary() => term()}.
run(Program, Args) -> run(Program, Args, #{}).

-doc "The same with options: `timeout` (ms), `max_output` (bytes), `cd`, `env` (a map). Gives `status` and `output` (standard output and error).".
-spec run(binary(), [binary()], map()) -> #{binary() => term()}.
run(Program, Args, Options) when is_binary(Program), is_list(Args) ->
    Path = found(Program),
    case allowed(mochi_app:env(run, all), Program, Path) of
        true -> ok;
        false -> fail(Program, <<"this host does not allow that">>)
    end,
    case Options of
        #{cd := Folder} ->
            case filelib:is_dir(Folder) of
                true -> ok;
                false -> fail(Program, <<"no such folder">>)
            end;
        #{} -> ok
    end,
    case gen_server:start(?MODULE, {Path, Args, Options, self()}, []) of
        {ok, Pid} ->
            case mochi_agent:ask(Pid, output) of
                {ok, Status, Output} -> #{<<"status">> => Status, <<"output">> => Output};
                {error, Why} -> fail(Program, Why)
            end;
        {error, Why} -> fail(Program, text(Why))
    end.

-spec fail(binary(), unicode:chardata()) -> no_return().
fail(Program, Why) -> mochi_core:fail(unicode:characters_to_binary([<<"run ">>, Program, <<": ">>, Why])).

allowed(all, _, _) -> true;
allowed(none, _, _) -> false;
allowed(List, Program, Path) -> lists:member(Program, List) orelse lists:member(unicode:characters_to_binary(Path), List).

found(Program) ->
    try os:find_executable(unicode:characters_to_list(Program)) of
        false -> fail(Program, <<"no such program">>);
        Path -> Path
    catch error:_ -> fail(Program, <<"this host starts no programs">>)
    end.

text(eacces) -> <<"this host starts no programs, or this one may not be started">>;
text(enoent) -> <<"no such program">>;
text(Why) -> io_lib:format("~tw", [Why]).

-doc false.
-spec init({string(), [binary()], map(), pid()}) -> {ok, #state{}} | {stop, term()}.
init({Path, Args, Options, Owner}) ->
    process_flag(trap_exit, true),
    _ = erlang:monitor(process, Owner),
    More = [{cd, unicode:characters_to_list(D)} || #{cd := D} <- [Options]] 
        ++ [{env, [{unicode:characters_to_list(K), unicode:characters_to_list(V)} || K := V <- E]} || #{env := E} <- [Options]],
    try erlang:open_port({spawn_executable, Path},
                         [{args, Args}, binary, exit_status, stderr_to_stdout, use_stdio, hide | More]) of
        Port ->
            {ok, #state{port = Port, limit = maps:get(max_output, Options, 1024 * 1024),
                        timer = erlang:send_after(maps:get(timeout, Options, 30_000), self(), overdue)}}
    catch error:Why -> {stop, Why}
    end.

-doc false.
-spec handle_call(term(), gen_server:from(), #state{}) -> {noreply, #state{}} | {stop, normal, term(), #state{}}.
handle_call({mochi, output}, From, #state{outcome = none} = S) -> {noreply, S#state{from = From}};
handle_call({mochi, output}, _From, #state{outcome = Outcome} = S) -> {stop, normal, {ok, Outcome}, S}.

-doc false.
-spec handle_cast(term(), #state{}) -> {noreply, #state{}}.
handle_cast(_, S) -> {noreply, S}.

-doc false.
-spec handle_info(term(), #state{}) -> {noreply, #state{}} | {stop, normal, #state{}}.
handle_info({Port, {data, Bytes}}, #state{port = Port, size = Size, limit = Limit, output = Out} = S) ->
    case Size + byte_size(Bytes) of
        N when N > Limit ->
            done({error, [<<"it wrote more than ">>, integer_to_binary(Limit), <<" bytes">>]}, S);
        N -> {noreply, S#state{size = N, output = [Out, Bytes]}}
    end;
handle_info({Port, {exit_status, Status}}, #state{port = Port, output = Out} = S) ->
    done({ok, Status, iolist_to_binary(Out)}, S);
handle_info(overdue, S) -> done({error, <<"it was not done in time">>}, S);
handle_info({'DOWN', _, process, _, _}, S) -> {stop, normal, S};
handle_info(_, S) -> {noreply, S}.

done(Outcome, #state{outcome = none, from = none} = S) -> {noreply, S#state{outcome = Outcome}};
done(Outcome, #state{from = From} = S) ->
    gen_server:reply(From, {ok, Outcome}),
    {stop, normal, S}.

-doc false.
-spec terminate(term(), #state{}) -> ok.
terminate(_, #state{port = Port, timer = Timer}) ->
    _ = erlang:cancel_timer(Timer),
    %% Closing the port does not end a program that reads nothing.
    case erlang:port_info(Port, os_pid) of
        {os_pid, Os} ->
            catch erlang:port_close(Port),
            kill(Os);
        undefined -> ok
    end.

kill(Os) ->
    case os:find_executable("kill") of
        false -> ok;
        Kill ->
            _ = erlang:open_port({spawn_executable, Kill}, [{args, ["-9", integer_to_list(Os)]}, hide, in]),
            ok
    end.

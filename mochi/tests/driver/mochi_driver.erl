%% Runs compiled Mochi programs one after the other in one Erlang node, each with its own standard input, output and error; and has
%% `beam_validator` look at each module. Called by ../programs.rs.
-module(mochi_driver).
-export([main/1, check/1]).

%% Arguments: directory of the runtime's sources, working directory. Programs are `Work/NAME.in`, `Work/MODULE.beam`, listed in
%% `Work/programs` as lines "MODULE NAME". Programs as text, `Work/MODULE.erl` or `.core`, are compiled first.
main([RuntimeSrc, Work]) ->
    true = code:add_patha(Work),
    %% As in a sandbox: no network.
    ok = application:set_env(mochi, transport, none, [{persistent, true}]),
    lists:foreach(fun(F) ->
                          case compile:file(F, [{outdir, Work}, report, warn_missing_spec, warnings_as_errors]) of
                              {ok, _} -> ok;
                              Error -> io:format("cannot compile ~s: ~p~n", [F, Error]), halt(3)
                          end
                  end, filelib:wildcard(filename:join(RuntimeSrc, "*.erl"))),
    lists:foreach(fun(F) ->
                          From = [from_core || filename:extension(F) =:= ".core"],
                          case compile:file(F, [{outdir, Work}, report_errors | From]) of
                              {ok, _} -> ok;
                              Error -> io:format("cannot compile ~s: ~p~n", [F, Error]), halt(3)
                          end
                  end, filelib:wildcard(filename:join(Work, "*.{erl,core}"))),
    {ok, List} = file:read_file(filename:join(Work, "programs")),
    lists:foreach(fun(Line) -> program(Work, binary:split(Line, <<" ">>)) end,
                  binary:split(List, <<"\n">>, [global, trim_all])),
    halt(0).

%% Validates and loads all modules of a directory.
check([Work]) ->
    Bad = [{File, Why} || File <- filelib:wildcard(filename:join(Work, "*.beam")), Why <- problems(File)],
    [io:format("~s: ~s~n", [File, Why]) || {File, Why} <- Bad],
    halt(min(1, length(Bad))).

problems(File) ->
    case validate(File) of
        <<"ok">> ->
            case code:load_abs(filename:rootname(File)) of
                {module, _} -> [];
                {error, Why} -> [io_lib:format("not loaded: ~p", [Why])]
            end;
        Why -> [Why]
    end.

program(Work, [Module, Name]) ->
    M = binary_to_atom(Module),
    Path = fun(Ext) -> filename:join(Work, <<Name/binary, Ext/binary>>) end,
    Valid = validate(filename:join(Work, <<Module/binary, ".beam">>)),
    Input = case file:read_file(Path(<<".in">>)) of
                {ok, Bytes} -> Bytes;
                _ -> <<>>
            end,
    Out = spawn(fun() -> server(Input, []) end),
    Err = spawn(fun() -> server(<<>>, []) end),
    Old = whereis(standard_error),
    unregister(standard_error),
    register(standard_error, Err),
    {Pid, Ref} = spawn_monitor(fun() ->
                                       group_leader(Out, self()),
                                       exit({status, mochi_core:start(M)})
                               end),
    Status = receive
                 {'DOWN', Ref, process, Pid, {status, S}} -> integer_to_binary(S);
                 {'DOWN', Ref, process, Pid, Reason} -> iolist_to_binary(io_lib:format("~p", [Reason]))
             after 60000 ->
                     exit(Pid, kill),
                     <<"timeout">>
             end,
    unregister(standard_error),
    register(standard_error, Old),
    ok = file:write_file(Path(<<".stdout">>), take(Out)),
    ok = file:write_file(Path(<<".stderr">>), take(Err)),
    ok = file:write_file(Path(<<".status">>), Status),
    ok = file:write_file(Path(<<".valid">>), Valid).

take(Pid) ->
    Pid ! {take, self()},
    receive {taken, Pid, Bytes} -> Bytes end.

%% A group leader.
server(In, Out) ->
    receive
        {take, From} ->
            From ! {taken, self(), lists:reverse(Out)};
        {io_request, From, Ref, Request} ->
            {Reply, In1, Out1} = request(Request, In, Out),
            From ! {io_reply, Ref, Reply},
            server(In1, Out1)
    end.

request({put_chars, _, Chars}, In, Out) -> {ok, In, [unicode:characters_to_binary(Chars) | Out]};
request({put_chars, E, M, F, A}, In, Out) -> request({put_chars, E, apply(M, F, A)}, In, Out);
request({get_line, _, _}, <<>>, Out) -> {eof, <<>>, Out};
request({get_line, _, _}, In, Out) ->
    case binary:split(In, <<"\n">>) of
        [Line, Rest] -> {unicode:characters_to_list(<<Line/binary, "\n">>), Rest, Out};
        [Line] -> {unicode:characters_to_list(Line), <<>>, Out}
    end;
request(getopts, In, Out) -> {[{encoding, unicode}], In, Out};
request({setopts, _}, In, Out) -> {ok, In, Out};
request(_, In, Out) -> {{error, request}, In, Out}.

validate(File) ->
    {beam_file, M, Exports, Attributes, _, Code} = beam_disasm:file(unicode:characters_to_list(File)),
    Labels = #{{M, N, A} => E || {function, N, A, E, _} <- Code},
    Functions = [{function, N, A, E, [instr(I, Labels) || I <- Is, I =/= int_code_end]} || {function, N, A, E, Is} <- Code],
    case beam_validator:validate({M, [{F, A} || {F, A, _} <- Exports], Attributes, Functions, 1 bsl 24}, strong) of
        ok -> <<"ok">>;
        Error -> iolist_to_binary(io_lib:format("~p", [Error]))
    end.

%% The disassembler shows a fun's label as what it labels.
instr({make_fun3, {_, _, _} = F, I, U, D, L}, Labels) -> {make_fun3, {f, maps:get(F, Labels)}, I, U, D, L};
instr(I, _) -> I.

%% SPDX-License-Identifier: Apache-2.0
-module(beambox_start).
-moduledoc """
The first process of a program that runs without OTP's kernel application.

Starts the I/O servers, runs the program's entry in a process of its own, and halts the VM: with status 0 when the entry
returns or exits with reason `normal`, else with status 1 after saying why on standard error.
""".

-export([start/3]).

-doc "Runs `apply(Module, Function, Args)` as the program, then halts the VM.".
-spec start(module(), atom(), [term()]) -> no_return().
start(Module, Function, Args) ->
    User = beambox_io:start(),
    group_leader(User, self()),
    quiet_logger(),
    kernel_sup(),
    process_flag(trap_exit, true),
    Self = self(),
    {Pid, Ref} = spawn_monitor(fun() -> run(Self, Module, Function, Args) end),
    Status = wait(Pid, Ref),
    beambox_io:flush(),
    halt(Status).

%% OTP's logger is part of the kernel application, which isn't started: without this, whoever logs would fail.
quiet_logger() ->
    persistent_term:put({logger_config, '$primary_config$'}, -1).

%% Some of OTP's services start their server under the supervisor of the kernel application when they are first used
%% (module `timer` does). This answers in its place: it starts the child and keeps it linked.
kernel_sup() ->
    Self = self(),
    Pid = spawn(fun() ->
                        register(kernel_sup, self()),
                        process_flag(trap_exit, true),
                        Self ! {self(), registered},
                        services(#{})
                end),
    receive {Pid, registered} -> ok end.

services(Started) ->
    receive
        {'$gen_call', From, {start_child, Spec}} ->
            {Id, {M, F, A}} = child(Spec),
            {Reply, Next} =
                case Started of
                    #{Id := Pid} ->
                        {{error, {already_started, Pid}}, Started};
                    #{} ->
                        try apply(M, F, A) of
                            {ok, Pid} -> {{ok, Pid}, Started#{Id => Pid}};
                            Other -> {{error, Other}, Started}
                        catch
                            _:Reason -> {{error, Reason}, Started}
                        end
                end,
            gen:reply(From, Reply),
            services(Next);
        {'$gen_call', From, which_children} ->
            gen:reply(From, [{Id, Pid, worker, [Id]} || Id := Pid <- Started]),
            services(Started);
        {'$gen_call', From, _} ->
            gen:reply(From, {error, not_found}),
            services(Started);
        {'EXIT', Pid, _} ->
            services(maps:filter(fun(_, P) -> P =/= Pid end, Started));
        _ ->
            services(Started)
    end.

child(#{id := Id, start := Start}) -> {Id, Start};
child({Id, Start, _, _, _, _}) -> {Id, Start}.

%% The program's process traps exits, as the one that runs `erl -eval` does.
run(Starter, Module, Function, Args) ->
    process_flag(trap_exit, true),
    try
        apply(Module, Function, Args)
    of
        _ -> Starter ! {self(), 0}
    catch
        exit:normal ->
            Starter ! {self(), 0};
        Class:Reason:Stack ->
            report(Class, Reason, Stack),
            Starter ! {self(), 1}
    end.

wait(Pid, Ref) ->
    receive
        {Pid, Status} ->
            Status;
        {'DOWN', Ref, process, Pid, normal} ->
            0;
        {'DOWN', Ref, process, Pid, Reason} ->
            report(exit, Reason, []),
            1
    end.

report(Class, Reason, Stack) ->
    Text = try
               Hide = fun(M, _, _) -> M =:= ?MODULE end,
               Print = fun(Term, Indent) -> io_lib:format("~." ++ integer_to_list(Indent) ++ "tP", [Term, 50]) end,
               erl_error:format_exception(1, Class, Reason, Stack, Hide, Print, unicode)
           catch
               _:_ -> plain(Class, Reason, Stack)
           end,
    try
        io:put_chars(standard_error, ["** ", Text, $\n])
    catch
        _:_ -> erlang:display({Class, Reason, Stack})
    end.

plain(Class, Reason, Stack) ->
    io_lib:format("exception ~ts: ~tp~n~tp", [Class, Reason, Stack]).

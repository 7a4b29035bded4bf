%% Links, exit signals of every kind, trap_exit, kill, unlink.
-module(proc_links).
-export([main/0]).

main() ->
    process_flag(trap_exit, true),
    [io:format("~w: ~w~n", [N, outcome(F)]) ||
        {N, F} <- [{returns, fun() -> ok end}, {exit_normal, fun() -> exit(normal) end}, {exit_reason, fun() -> exit(why) end},
                   {throws, fun() -> throw(ball) end}, {kills_self, fun() -> exit(self(), kill), receive after 1000 -> ok end end},
                   {exit_self, fun() -> exit(self(), boom), receive after 1000 -> ok end end},
                   {exit_self_normal, fun() -> exit(self(), normal), receive after 1000 -> ok end end},
                   {exit_kill, fun() -> exit(kill) end}, {shutdown, fun() -> exit({shutdown, x}) end}]],
    %% signals to a process that doesn't trap
    [io:format("~w -> ~w~n", [R, signal(R, false)]) || R <- [normal, boom, kill, shutdown, {shutdown, a}]],
    %% and to one that traps
    [io:format("~w -> ~w~n", [R, signal(R, true)]) || R <- [normal, boom, kill, shutdown]],
    %% chains: the middle dies, both ends hear
    Self = self(),
    A = spawn_link(fun() -> process_flag(trap_exit, true),
                            B = spawn_link(fun() -> link(Self), exit(chain) end),
                            receive {'EXIT', B, R} -> Self ! {a_heard, R} end end),
    io:format("~w~n", [receive {a_heard, R1} -> R1 end]),
    io:format("~w~n", [lists:sort([receive {'EXIT', P1, R2} -> {P1 =:= A, R2} end || _ <- [1, 2]])]),
    %% exit propagates through processes that don't trap
    Top = spawn_link(fun() -> spawn_link(fun() -> spawn_link(fun() -> exit(deep) end), receive never -> ok end end), receive never -> ok end end),
    io:format("~w~n", [receive {'EXIT', Top, R3} -> R3 end]),
    %% unlink
    U = spawn_link(fun() -> receive die -> exit(unseen) end end),
    unlink(U),
    MU = erlang:monitor(process, U),
    U ! die,
    io:format("~w~n", [receive {'DOWN', MU, process, U, R4} -> R4 end]),
    io:format("~w~n", [receive {'EXIT', U, _} -> seen after 20 -> not_seen end]),
    %% link to a dead process
    D = spawn(fun() -> ok end),
    MD = erlang:monitor(process, D),
    receive {'DOWN', MD, _, _, _} -> ok end,
    io:format("~w~n", [link(D)]),
    io:format("~w~n", [receive {'EXIT', D, R5} -> R5 end]),
    io:format("~w ~w~n", [link(self()), unlink(self())]),
    io:format("~w~n", [process_flag(trap_exit, false)]),
    io:format("~w~n", [process_flag(trap_exit, true)]),
    %% an error's exit reason carries the stack
    E = spawn_link(fun() -> error(oops) end),
    io:format("~w~n", [receive {'EXIT', E, {R6, St}} when is_list(St) -> R6 end]),
    T = spawn_link(fun() -> throw(ball) end),
    io:format("~w~n", [receive {'EXIT', T, {R7, _}} -> R7 end]),
    io:format("~w~n", [exit(D, whatever)]),
    io:format("~w~n", [receive M -> M after 0 -> no_more end]),
    ok.

outcome(F) ->
    P = spawn_link(fun() -> quiet(), F() end),
    receive
        {'EXIT', P, {R, S}} when is_list(S) -> {R, stack};
        {'EXIT', P, R} -> R
    after 1000 -> exit(P, kill), receive {'EXIT', P, killed} -> timeout end
    end.

quiet() -> ok.

signal(Reason, Trap) ->
    Self = self(),
    P = spawn(fun() -> process_flag(trap_exit, Trap), Self ! ready, receive {'EXIT', Self, R} -> Self ! {trapped, R}; finish -> ok end end),
    receive ready -> ok end,
    M = erlang:monitor(process, P),
    exit(P, Reason),
    P ! finish,
    Got = receive {trapped, T} -> T after 20 -> none end,
    receive {'DOWN', M, process, P, D} -> {Got, D} end.

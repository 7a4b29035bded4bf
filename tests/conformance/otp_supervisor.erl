%% supervisor: strategies, restarts, intensity, dynamic children.
-module(otp_supervisor).
-behaviour(supervisor).
-export([main/0, init/1, start_child/2, child/2]).

main() ->
    process_flag(trap_exit, true),
    Main = self(),
    [begin
         {ok, S} = supervisor:start_link(?MODULE, {Strategy, Main, [a, b, c]}),
         io:format("~w start ~w~n", [Strategy, started(3)]),
         io:format("~w~n", [lists:sort([{I, T} || {I, _, T, _} <- supervisor:which_children(S)])]),
         io:format("~w~n", [lists:sort(supervisor:count_children(S))]),
         exit(pid(S, b), boom),
         io:format("after b died: ~w~n", [started(case Strategy of one_for_one -> 1; one_for_all -> 3; rest_for_one -> 2 end)]),
         io:format("~w~n", [length([P || {_, P, _, _} <- supervisor:which_children(S), is_pid(P)])]),
         exit(S, shutdown),
         receive {'EXIT', S, R} -> io:format("~w~n", [R]) end
     end || Strategy <- [one_for_one, one_for_all, rest_for_one]],
    %% too many restarts
    {ok, S2} = supervisor:start_link(?MODULE, {one_for_one, Main, [x]}),
    started(1),
    [begin exit(pid(S2, x), boom), (K < 3) andalso started(1) end || K <- [1, 2, 3]],
    io:format("~w~n", [receive {'EXIT', S2, R2} -> R2 end]),
    %% managing children
    {ok, S3} = supervisor:start_link(?MODULE, {one_for_one, Main, []}),
    io:format("~w~n", [element(1, supervisor:start_child(S3, spec(n, Main)))]),
    started(1),
    {error, {already_started, P3}} = supervisor:start_child(S3, spec(n, Main)),
    io:format("~w~n", [P3 =:= pid(S3, n)]),
    io:format("~w ~w~n", [supervisor:terminate_child(S3, n), supervisor:which_children(S3)]),
    io:format("~w~n", [element(1, supervisor:restart_child(S3, n))]),
    io:format("~w~n", [supervisor:delete_child(S3, n)]),
    supervisor:terminate_child(S3, n),
    io:format("~w ~w~n", [supervisor:delete_child(S3, n), supervisor:terminate_child(S3, none)]),
    exit(S3, shutdown),
    receive {'EXIT', S3, _} -> ok end,
    started(1),
    %% simple_one_for_one
    {ok, S4} = supervisor:start_link(?MODULE, {simple, Main}),
    Ps = [begin {ok, P} = supervisor:start_child(S4, [I]), P end || I <- [one, two, three]],
    io:format("~w ~w~n", [started(3), length(supervisor:which_children(S4))]),
    io:format("~w~n", [supervisor:terminate_child(S4, hd(Ps))]),
    io:format("~w~n", [proplists:get_value(active, supervisor:count_children(S4))]),
    exit(S4, shutdown),
    receive {'EXIT', S4, R4} -> io:format("~w~n", [R4]) end,
    io:format("~w~n", [begin {error, Bad} = supervisor:start_link(?MODULE, bad), element(1, Bad) end]),
    ok.

started(N) -> lists:sort([receive {started, Id} -> Id after 2000 -> timeout end || _ <- lists:seq(1, N)]).

pid(S, Id) -> {Id, P, _, _} = lists:keyfind(Id, 1, supervisor:which_children(S)), P.

spec(Id, Main) -> #{id => Id, start => {?MODULE, start_child, [Main, Id]}}.

init({simple, Main}) ->
    {ok, {#{strategy => simple_one_for_one}, [#{id => any, start => {?MODULE, start_child, [Main]}, restart => temporary}]}};
init({Strategy, Main, Ids}) -> {ok, {#{strategy => Strategy, intensity => 2, period => 60}, [spec(I, Main) || I <- Ids]}};
init(bad) -> {bad, return}.

start_child(Main, Id) -> proc_lib:start_link(?MODULE, child, [Main, Id]).

child(Main, Id) ->
    Main ! {started, Id},
    proc_lib:init_ack({ok, self()}),
    receive stop -> ok end.

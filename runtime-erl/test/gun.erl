-module(gun).
-moduledoc """
Stands for gun 2 in the tests, where the real one can't be had: the functions that the transport calls, with gun's signatures and messages, over a plain
connection that speaks just enough HTTP.
""".
-export([open/3, close/1, await_up/2, request/6, await/3, cancel/2, flush/1]).

open("refused", _, _) -> {error, econnrefused};
open("badtls", _, #{transport := tls}) -> error(no_authorities);
open(Host, Port, #{retry := _} = Options) ->
    Owner = self(),
    {ok, spawn(fun() -> monitor(process, Owner), connection(Host, Port, Options) end)}.

close(Pid) -> exit(Pid, shutdown), ok.

await_up(Pid, Timeout) ->
    Pid ! {up, self()},
    receive {Pid, up} -> {ok, http}; {Pid, down, Why} -> {error, Why} after Timeout -> {error, timeout} end.

request(Pid, Method, Path, Headers, Body, #{reply_to := To}) ->
    Ref = make_ref(),
    Pid ! {request, To, Ref, Method, Path, Headers, Body},
    Ref.

await(Pid, Ref, Timeout) ->
    receive
        {gun_inform, Pid, Ref, S, H} -> {inform, S, H};
        {gun_response, Pid, Ref, Fin, S, H} -> {response, Fin, S, H};
        {gun_data, Pid, Ref, Fin, D} -> {data, Fin, D};
        {gun_trailers, Pid, Ref, T} -> {trailers, T};
        {gun_error, Pid, Ref, Why} -> {error, Why}
    after Timeout -> {error, timeout}
    end.

cancel(Pid, Ref) -> Pid ! {cancel, Ref}, ok.
flush(_) -> ok.

connection(Host, Port, O) ->
    receive
        {up, From} ->
            case Host of
                "127.0.0.1" -> From ! {self(), up};
                "never" -> ok;
                _ -> From ! {self(), down, nxdomain}
            end,
            connection(Host, Port, O);
        {request, To, Ref, M, Path, Hs, Body} ->
            case answer(Port, M, Path, Hs, Body) of
                {S, H, Chunks} -> send(To, Ref, S, H, Chunks);
                closed -> To ! {gun_error, self(), Ref, {closed, normal}};
                Error -> To ! {gun_error, self(), Ref, Error}
            end,
            connection(Host, Port, O);
        {cancel, _} -> connection(Host, Port, O);
        {'DOWN', _, process, _, _} -> ok
    end.

answer(0, _, <<"/inform">>, _, _) -> {200, [], [inform, <<"a">>, trailers]};
answer(0, _, <<"/odd">>, _, _) -> odd;
answer(0, _, <<"/closed">>, _, _) -> closed;
answer(0, _, <<"/fin">>, _, _) -> {204, [], []};
answer(0, M, Path, _, Body) -> {200, [{<<"x-path">>, Path}], [M, <<" ">>, Body]}.

send(To, Ref, S, H, []) -> To ! {gun_response, self(), Ref, fin, S, H};
send(To, Ref, S, H, Chunks) ->
    lists:member(inform, Chunks) andalso (To ! {gun_inform, self(), Ref, 103, []}),
    To ! {gun_response, self(), Ref, nofin, S, H},
    data(To, Ref, Chunks -- [inform]).

data(To, Ref, [trailers]) -> To ! {gun_trailers, self(), Ref, []};
data(To, Ref, [D]) -> To ! {gun_data, self(), Ref, fin, D};
data(To, Ref, [D | Ds]) -> To ! {gun_data, self(), Ref, nofin, D}, data(To, Ref, Ds).

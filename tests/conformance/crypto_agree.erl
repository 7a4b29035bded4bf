%% SPDX-License-Identifier: Apache-2.0
-module(crypto_agree).
%% Diffie-Hellman, SRP, triple DES and random numbers in a range.
-export([main/0]).

main() ->
    P = 16#FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF,
    G = 2,
    {A, PrivA} = crypto:generate_key(dh, [P, G]),
    {B, PrivB} = crypto:generate_key(dh, [P, G]),
    S = crypto:compute_key(dh, B, PrivA, [P, G]),
    io:format("~p ~p~n", [S =:= crypto:compute_key(dh, A, PrivB, [P, G]), byte_size(S) > 100]),
    io:format("~p~n", [crypto:compute_key(dh, 12345678901234567890, 16#123456789ABCDEF0123456789ABCDEF0123456789ABCDEF, [P, G])]),
    srp(<<P:1024>>, <<G>>),
    [io:format("~p~n", [try Fun() catch C:R -> {C, element_1(R)} end])
     || Fun <- [fun() -> crypto:generate_key(dh, [a, G]) end,
                fun() -> crypto:compute_key(dh, a, PrivA, [P, G]) end,
                fun() -> crypto:rand_uniform(5, 5) end,
                fun() -> crypto:rand_uniform(7, 3) end]],
    io:format("~p~n", [[lists:all(fun(_) -> N = crypto:rand_uniform(From, To), N >= From andalso N < To end, lists:seq(1, 200))
                        || {From, To} <- [{0, 1}, {1, 3}, {-5, 5}, {1 bsl 70, 1 bsl 70 + 3}]]]),
    io:format("~p~n", [crypto:rand_seed(<<"seed">>)]),
    des().

srp(Prime, Generator) ->
    Versions = ['3', '6', '6a'],
    [begin
         X = <<16#94B7555AABE9127CC58CCF4993DB6CF84D16C124:160>>,
         Verifier = crypto:mod_pow(Generator, X, Prime),
         UserPrivate = <<16#60975527035CF2AD1989806F0407210BC81EDC04E2762A56AFD529DDDA2D4393:256>>,
         HostPrivate = <<16#E487CB59D31AC550471E81F00F6928E01DDA08E974A004F49E61F5D105284D20:256>>,
         {UserPublic, UserPrivate} = crypto:generate_key(srp, {user, [Generator, Prime, V]}, UserPrivate),
         {HostPublic, HostPrivate} = crypto:generate_key(srp, {host, [Verifier, Generator, Prime, V]}, HostPrivate),
         User = crypto:compute_key(srp, HostPublic, {UserPublic, UserPrivate}, {user, [X, Prime, Generator, V]}),
         Host = crypto:compute_key(srp, UserPublic, {HostPublic, HostPrivate}, {host, [Verifier, Prime, V]}),
         io:format("~p: ~p ~p ~p~n", [V, erlang:md5(HostPublic), erlang:md5(User), User =:= Host])
     end || V <- Versions],
    io:format("~p~n", [crypto:compute_key(srp, Prime, {<<1>>, <<2>>}, {user, [<<3>>, Prime, Generator, '6a', <<4>>]})]).

des() ->
    Key3 = list_to_binary(lists:seq(1, 24)),
    Key = <<1, 35, 69, 103, 137, 171, 205, 239>>,
    IV = <<8, 7, 6, 5, 4, 3, 2, 1>>,
    Data = <<"sixteen bytes ok">>,
    [io:format("~p: ~p ~p~n", [Cipher, Out, crypto:crypto_one_time(Cipher, K, I, Out, false)])
     || {Cipher, K, I} <- [{des_ede3_cbc, Key3, IV}, {des_cbc, Key, IV}],
        Out <- [crypto:crypto_one_time(Cipher, K, I, Data, true)]],
    State = crypto:crypto_init(des_ede3_cbc, Key3, IV, [{encrypt, true}, {padding, pkcs_padding}]),
    io:format("~p ~p ~p~n", [crypto:crypto_update(State, <<"abc">>), crypto:crypto_update(State, <<"defghijk">>), crypto:crypto_final(State)]),
    io:format("~p~n", [try crypto:crypto_one_time(des_ede3_cbc, Key, IV, Data, true) catch error:{_, _, _} -> refused end]),
    io:format("~p~n", [[lists:sort(maps:to_list(crypto:cipher_info(C))) || C <- [des_ede3_cbc, des_cbc, des_ecb]]]).

element_1(T) when is_tuple(T) -> element(1, T);
element_1(T) -> T.
